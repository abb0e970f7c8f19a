"""Registers that the offices of the commune keep by hand, one module each."""
