"""A stand-in city: an HTTP server that behaves like the real ones, and the answer key to what it sends.

Nothing here imports the warehouse (``tthc``): the key would prove nothing if both sides shared a mistake.
"""
