"""The one training loop that all training studies share, and what it stands on.

Values in, values out: networks, batches, precision, schedules, metrics and checkpoints are plain objects here.
Nothing in this package knows an experiment, a terminal or a record.
"""
