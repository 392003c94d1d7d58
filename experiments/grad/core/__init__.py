"""Gradients layer by layer, and clipping: plain tensors in and out."""
