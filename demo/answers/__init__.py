"""Answers to the indicators that do not come from dossiers, one module for each family of sources."""
