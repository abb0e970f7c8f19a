"""What we count: definitions, builds, publication, explanations."""
