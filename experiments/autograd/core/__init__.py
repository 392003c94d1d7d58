"""A reverse-mode tape of our own and what can be said about torch's, as a library."""
