"""One greedy search over a graph, in the forms that floats, codes, batches and filters need."""
