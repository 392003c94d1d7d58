"""Networks adapted after training: fewer bits."""
