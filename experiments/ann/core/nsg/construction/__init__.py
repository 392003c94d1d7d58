"""From vectors to a graph: nearest neighbors, links, pruning, and every node reachable."""
