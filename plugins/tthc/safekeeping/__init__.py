"""What is kept against the worst, for how long, and what is taken out when a person asks."""
