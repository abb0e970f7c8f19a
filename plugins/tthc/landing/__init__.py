"""Getting the bytes in: reading the city and files, the archive, the ledger of what was received."""
