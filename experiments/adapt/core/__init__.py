"""Formulas and file formats of adaptation: rounding, blocks, GGUF, a Llama decoder."""
