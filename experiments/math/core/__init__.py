"""Expressions, finite differences, steepest steps, norms and similarity, as a library."""
