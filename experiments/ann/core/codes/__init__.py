"""Vectors rounded to few bytes (scalar quantization), and exact distances of the few vectors that are measured after.

There are two kinds. A *whole code* (``codes``: PCA, then 8 or some more bits per axis) compares all pairs of a base by
products of integers. A *line code* (``line_codes``: one cache line, mostly 4 bits per axis) steers a search. What a
search compares, line codes or vectors that are as short as these, is called *short codes* (``short_codes``). Codes only
find candidates: whatever decides is measured exactly afterwards, which is called re-ranking.

The room imports ``simd`` alone. Start with ``codes``, then ``line_codes``; ``code_table`` has the bound that makes a
graph found by codes exact.
"""
