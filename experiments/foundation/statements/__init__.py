"""Statements tried on instances: the one word for it is a trial."""
