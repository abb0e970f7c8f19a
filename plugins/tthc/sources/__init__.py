"""What we read: the registry of streams, the dialects of the city system, the reading of spreadsheets."""
