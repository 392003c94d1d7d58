"""Boxes, masks and keypoints, and how far two of them agree."""
