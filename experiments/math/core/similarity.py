"""Dot product, angle and nearest vectors: when a larger dot product means more similar.

Conventions: a vector's own match is excluded from its neighbors; ties go to the smaller index; a zero vector has
cosine 0 with everything. Identity used throughout: |a - b|^2 = |a|^2 + |b|^2 - 2 a.b.
Source: Manning, Raghavan, Schuetze: Introduction to Information Retrieval, 2008, section 6.3.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def exact_dot(a: Iterable[float], b: Iterable[float]) -> Fraction:
    """sum_i a_i b_i of vectors (d,), without rounding.

    >>> exact_dot([0.5, 3.0], [0.25, -1.0])
    Fraction(-23, 8)
    """
    return sum((Fraction(float(x)) * Fraction(float(y)) for x, y in zip(a, b, strict=True)), Fraction(0))


def unit_rows(vectors: Floats) -> Floats:
    """Vectors (n, d) scaled to length 1; zero vectors stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths == 0, 1.0, lengths)


def cosine_from_sides(a: Floats, b: Floats) -> float:
    """cos of the angle between vectors (d,) from the three sides of their triangle, without a dot product.

    cos = (|a|^2 + |b|^2 - |a - b|^2) / (2 |a| |b|), the law of cosines.

    >>> cosine_from_sides(np.array([3.0, 0.0]), np.array([0.0, 4.0]))
    0.0
    """
    first, second, opposite = np.linalg.norm(a), np.linalg.norm(b), np.linalg.norm(a - b)
    return float((first**2 + second**2 - opposite**2) / (2 * first * second))


def own_best_match(vectors: Floats) -> NDArray[np.bool_]:
    """For each of the vectors (n, d): is its dot product with itself the largest of all n? (n,)

    >>> own_best_match(np.array([[1.0, 0.0], [3.0, 0.1]])).tolist()
    [False, True]
    """
    dots = vectors @ vectors.T
    return dots.diagonal() >= dots.max(axis=1)


def same_nearest(vectors: Floats) -> NDArray[np.bool_]:
    """For each of the vectors (n, d): do dot product and cosine name the same most similar other vector? (n,)"""
    return _nearest(vectors @ vectors.T) == _nearest(unit_rows(vectors) @ unit_rows(vectors).T)


def agreement(vectors: Floats, pairs: int, rng: np.random.Generator) -> float:
    """Spearman correlation of dot product and minus Euclidean distance over random pairs of vectors (n, d)."""
    from scipy.stats import spearmanr

    i, j = rng.integers(len(vectors), size=(2, pairs))
    i, j = i[i != j], j[i != j]
    dots = np.einsum("ij,ij->i", vectors[i], vectors[j])
    distances = np.linalg.norm(vectors[i] - vectors[j], axis=1)
    return float(spearmanr(dots, -distances).statistic)


def misleading_pair(largest: int = 3) -> tuple[tuple[int, int], tuple[int, int]]:
    """The smallest whole-number vectors a and b in the plane with a.b > a.a although b points elsewhere.

    Smallest by the sum of their entries' magnitudes, then of a's; entries go up to ``largest``.

    >>> misleading_pair()
    ((0, 1), (1, 2))

    Raises:
        ValueError: none with entries this small.
    """
    entries = range(largest + 1)
    pairs = itertools.product(itertools.product(entries, entries), repeat=2)
    found = [(a, b) for a, b in pairs if _misleads(a, b)]
    if not found:
        raise ValueError(f"expected a larger bound: no misleading pair with entries up to {largest}")
    return min(found, key=lambda pair: (sum(pair[0]) + sum(pair[1]), sum(pair[0])))


def _misleads(a: tuple[int, int], b: tuple[int, int]) -> bool:
    parallel = a[0] * b[1] == a[1] * b[0]
    return not parallel and a[0] * b[0] + a[1] * b[1] > a[0] ** 2 + a[1] ** 2


def _nearest(similarity: Floats) -> NDArray[np.intp]:
    others = similarity.copy()
    np.fill_diagonal(others, -np.inf)
    return others.argmax(axis=1)
