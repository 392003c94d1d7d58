"""Exact answers: the nearest neighbors by a scan, by matrix products with an error bound, and by a k-d tree.

Imports ``simd`` alone. Start with ``exact``, whose results are the ground truth that recall is measured against;
``kdtree`` counts what it looks at, to show why boxes stop helping in many dimensions.
"""
