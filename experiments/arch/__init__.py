"""Experiments on architectures: what each costs, what it can see, and what it takes for granted."""
