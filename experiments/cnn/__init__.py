"""Experiments on convolutional networks: pooling, activations, cost, receptive fields, locality."""
