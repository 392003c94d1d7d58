"""Calculus, linear algebra and norms: the mathematics that the notes open with."""
