"""The page of a run, of a family and of all studies: one HTML file that needs no network and no script to be read."""
