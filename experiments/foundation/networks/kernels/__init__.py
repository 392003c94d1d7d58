"""Convolutions compiled for this machine's processor."""
