"""Where data sets lie, how they get there, and whether they are what their publishers made."""
