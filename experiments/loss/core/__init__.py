"""Losses per example, their closed forms, and small trainings that compare them."""
