"""Layers, small networks and the short training loop of small studies."""
