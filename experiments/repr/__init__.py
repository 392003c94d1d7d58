"""Experiments on representations: fewer numbers for the same data, and features learned apart or jointly."""
