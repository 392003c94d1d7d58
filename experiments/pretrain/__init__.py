"""Experiments on pre-training: what a network gains from images without the labels that it is asked for later."""
