"""Experiments on gradients: how they fade through depth, and how they are clipped."""
