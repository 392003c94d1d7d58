"""Experiments on normalization: its kinds, and where in a residual block it stands."""
