"""Nearest neighbors: formulas and algorithms, in six rooms. Each may import those above it in this list, none below.

``simd``    instructions on registers, kernels and threads, distances and keys
``exact``   scans and the k-d tree: what is true, and how much of it was found (recall)
``codes``   vectors rounded to few bytes, and the bound that makes a graph found by them exact
``theory``  proximity graphs (Delaunay, MRNG, ...), monotonic paths, concentration of distances
``nsg``     the navigating spreading-out graph: build, search, save, cut into shards
``rivals``  other methods under one interface, for comparison

``exact`` and ``codes`` do not import each other. Start with ``simd.distance``, then read ``nsg.search`` and
``nsg.pruning``: the algorithm is in these two, everything else makes it exact, fast or useful.
"""
