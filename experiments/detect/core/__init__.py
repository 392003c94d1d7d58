"""Boxes, matching, average precision and small detectors as plain arrays."""
