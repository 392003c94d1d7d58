"""Representations as arrays in and out: principal components, autoencoders, geodesics, features of images."""
