"""Data: native formats, generators with a known truth, where files lie and how they are fetched.

Knows nothing of experiments; a file that cannot be used raises ``experiments.lab.errors.InputError``.
"""
