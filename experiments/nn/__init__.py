"""Experiments on the layers of a neural network."""
