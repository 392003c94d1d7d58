"""Batches, updates, sampling and workers of torch's DataLoader, counted, as a library."""
