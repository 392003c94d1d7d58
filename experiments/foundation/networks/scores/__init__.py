"""How right a network is: losses and scores of its outputs."""
