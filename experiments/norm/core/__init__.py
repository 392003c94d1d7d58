"""Normalization layers and residual blocks: plain tensors in and out."""
