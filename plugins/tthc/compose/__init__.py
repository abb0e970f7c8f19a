"""Several containers instead of one machine: secrets, what must hold before they start, what each one runs."""
