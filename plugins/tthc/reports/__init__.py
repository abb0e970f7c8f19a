"""Numbers as papers: the values of a period, and the forms that are sent to others."""
