"""What the data should be like: suites, the audit of a reading, and the rows that are kept apart."""
