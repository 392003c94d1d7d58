"""Solvers, landscapes, update rules, number formats, locating NaN: the mathematics of training as a library."""
