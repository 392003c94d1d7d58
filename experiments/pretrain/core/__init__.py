"""Masked image modelling, corruptions of images, and training on what is left to learn; nothing here reads data."""
