"""Vietnamese as it is really typed: names, moments, amounts, codes."""
