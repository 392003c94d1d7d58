"""How frameworks differentiate: tapes, leaves, static and dynamic graphs."""
