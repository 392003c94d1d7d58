"""Exact distances of eight vectors at a time: bit by bit those of pairs, in every type and way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.ann.core.codes.codes import as_bytes
from experiments.ann.core.codes.stored_vector import keys_of_eight, measure, stored_distance
from experiments.ann.core.nsg.construction.pruning import drop_occluded, keep_unoccluded
from experiments.ann.core.simd.distance import make_key
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.machine import has_vnni
from experiments.ann.core.simd.pool_vector import NO_KEY
from experiments.ann.core.simd.vector import padded

SELECTORS = [
    np.empty((0, 0), np.int8),
    pytest.param(
        np.empty((0, 0), np.uint8), marks=pytest.mark.skipif(not has_vnni(), reason="this processor has no VNNI")
    ),
]
TYPES = ["floats", "bytes", "bytes and floats"]


@kernel
def pair(x: Any, i: int, y: Any, j: int, codes: Any) -> float:
    return stored_distance(x, i, y, j, codes)  # type: ignore[no-any-return]


@kernel
def eight(x: Any, nodes: Any, stop: int, y: Any, row: int, codes: Any, bound: int, keys: Any) -> int:
    return int(keys_of_eight(x, nodes, 0, stop, y, row, codes, bound, keys, 0))


def stored(kind: str, d: int) -> tuple[Any, Any]:
    """40 vectors and 3 others in a form in which they may be compared."""
    rng = np.random.default_rng(d)
    numbers = rng.integers(0, 256, (43, d)).astype(np.float32)
    if kind == "floats":
        numbers = rng.standard_normal((43, d)).astype(np.float32)
        return padded(numbers[:40]), padded(numbers[40:])
    bytes_ = as_bytes(numbers)
    return bytes_[:40], bytes_[40:].astype(np.float32) if kind == "bytes and floats" else bytes_[40:]


@pytest.mark.parametrize("codes", SELECTORS)
@pytest.mark.parametrize("d", [3, 64, 150, 784])
@pytest.mark.parametrize("kind", TYPES)
def test_distances_of_eight_are_those_of_pairs(kind: str, d: int, codes: Any) -> None:
    x, y = stored(kind, d)
    nodes = np.random.default_rng(0).permutation(40)[:21].astype(np.int64) << 1
    expected = [make_key(np.float32(pair(x, node >> 1, y, 2, codes)), node >> 1) for node in nodes]
    keys = np.empty(32, np.int64)
    measure(x, nodes, len(nodes), y, 2, codes, keys)
    assert keys[:21].tolist() == expected
    true = ((x[nodes >> 1].astype(np.float64) - y[2].astype(np.float64)) ** 2).sum(axis=1)
    found = (keys[:21] >> 32).astype(np.int32).view(np.float32)
    np.testing.assert_allclose(found, true, rtol=0 if kind == "bytes" else 1e-5)


@pytest.mark.parametrize("codes", SELECTORS)
@pytest.mark.parametrize("kind", TYPES)
def test_only_keys_below_the_bound_and_before_the_end_are_appended(kind: str, codes: Any) -> None:
    x, y = stored(kind, 100)
    nodes, keys = np.arange(8).astype(np.int64) << 1, np.empty(16, np.int64)
    assert eight(x, nodes, 5, y, 0, codes, NO_KEY, keys) == 5
    bound = int(np.sort(keys[:5])[3])
    expected = [key for key in keys[:5].tolist() if key < bound]
    assert eight(x, nodes, 5, y, 0, codes, bound, keys) == 3
    assert keys[:3].tolist() == expected


@pytest.mark.parametrize("codes", SELECTORS)
@pytest.mark.parametrize("kind", ["floats", "bytes"])
@pytest.mark.parametrize(("size", "most"), [(39, 32), (39, 2), (5, 32), (1, 1)])
def test_the_rule_keeps_what_its_definition_keeps(kind: str, codes: Any, size: int, most: int) -> None:
    x = stored(kind, 3)[0]
    distance = [[np.float32(pair(x, i, x, j, codes)) for j in range(40)] for i in range(40)]
    near = sorted(range(1, 40), key=lambda node: (distance[0][node], node))[:size]
    expected: list[int] = []
    for node in near:
        if not any(distance[other][node] < distance[0][node] for other in expected) and len(expected) < most:
            expected.append(node)
    candidates, kept = np.empty(size + 8, np.int64), np.empty(most, np.int64)
    candidates[:size] = np.random.default_rng(1).permutation([make_key(distance[0][node], node) for node in near])
    taken = keep_unoccluded(x, codes, 0, candidates, size, np.empty(size + 8, np.int64), kept)
    assert ((kept[:taken] & 0xFFFFFFFF) >> 1).tolist() == expected


@pytest.mark.parametrize("codes", SELECTORS)
def test_a_key_as_near_to_the_other_node_is_not_occluded(codes: Any) -> None:
    x = padded(np.array([[0.0], [1.0], [2.0], [3.0]], np.float32))
    keys = np.array([make_key(np.float32(1), 2), make_key(np.float32(4), 2), *[0] * 8], np.int64)
    assert drop_occluded(x, codes, 1, keys, 0, 2) == 1
    assert keys[0] == make_key(np.float32(1), 2)


def test_distances_of_bytes_are_exact(vnni: bool) -> None:
    x = as_bytes(np.random.default_rng(2).integers(0, 256, (3, 150)).astype(np.float32))
    expected = float(((x[1].astype(int) - x[0].astype(int)) ** 2).sum())
    selector = np.empty((0, 0), np.uint8 if vnni else np.int8)
    floats = np.ascontiguousarray(x, dtype=np.float32)
    assert (
        pair(x, 1, x, 0, selector)
        == pair(x, 1, floats, 0, selector)
        == pair(floats, 1, floats, 0, selector)
        == expected
    )
