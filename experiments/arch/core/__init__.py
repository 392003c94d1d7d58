"""Architectures as torch modules, one a file, and what can be read off any of them, in numbers."""
