"""Networks that detect, and the scenes that they are trained on."""
