"""Shapes, fills and keeps the tables of ``sql/``."""
