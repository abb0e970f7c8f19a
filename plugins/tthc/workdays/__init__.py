"""Which days count: the working calendar and the reporting periods."""
