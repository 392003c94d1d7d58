"""Networks to import: one file each, as their papers draw them."""
