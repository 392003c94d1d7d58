"""Sequences: averages that forget, and networks that remember."""
