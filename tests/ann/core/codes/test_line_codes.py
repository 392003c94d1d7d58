"""Line codes: distances, layouts and projections against plain arithmetic, with VNNI and without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from experiments.ann.core.codes.codes import Principal, as_bytes
from experiments.ann.core.codes.line_codes import LineCodec
from experiments.ann.core.codes.line_fit import _codec as codec_of
from experiments.ann.core.codes.line_fit import fit_line_codec
from experiments.ann.core.simd.code_vector import block_keys
from experiments.ann.core.simd.kernel import kernel
from experiments.ann.core.simd.machine import has_vnni
from experiments.ann.core.simd.pool_vector import NO_KEY
from experiments.ann.core.simd.vector import aligned_rows, padded


@kernel
def keys_of_block(codes: Any, graph: Any, query: Any, keys: Any, count: int, bound: int) -> int:
    return int(block_keys(codes, graph, 0, 0, query, 0, keys, count, bound))


def coded(
    data: NDArray[np.float32], *, integer: bool, vnni: bool, kind: tuple[int, int] | None = None
) -> tuple[LineCodec, Any, Any, Any]:
    """A codec, codes of all but 10 vectors, rows of these 10 as queries, and their coordinates in units of code."""
    vectors, queries = (as_bytes(part) if integer else padded(part) for part in (data[:-10], data[-10:]))
    principal = Principal(vectors)
    codec = fit_line_codec(principal, vnni=vnni) if kind is None else codec_of(principal, *kind, vnni)
    mapped = codec.projection
    coordinates = queries.astype(np.float32) @ mapped.weights * mapped.scale - mapped.shift
    rows = codec.encode_queries(queries, vnni=vnni)
    return codec, codec.encode(vectors, vnni=vnni), rows, np.clip(np.rint(codec.places_in_use(coordinates)), -127, 127)


@pytest.mark.parametrize("kind", [None, (2, 32), (3, 0)])
@pytest.mark.parametrize(("integer", "d"), [(False, 20), (False, 130), (True, 90), (False, 400)])
def test_code_distance_is_that_of_decoded_coordinates(
    clustered: Any, vnni: bool, integer: bool, d: int, kind: tuple[int, int] | None
) -> None:
    codec, codes, rows, asked = coded(clustered(410, d, integer=integer), integer=integer, vnni=vnni, kind=kind)
    graph = np.random.default_rng(1).permutation(400)[None, :8].astype(np.int32)
    decoded = codec.decode(codes[:400])
    squared = ((decoded[graph[0]].astype(np.int64) - asked[0].astype(np.int64)) ** 2).sum(axis=1)
    # Half the squared length is rounded down in every line, which holds 120 coordinates or, the first, fewer.
    lengths = np.split(decoded[graph[0]].astype(np.int64) ** 2, 120 * np.arange(1, codec.lines) - codec.refined, axis=1)
    odd = sum(part.sum(axis=1) % 2 for part in lengths)
    keys = aligned_rows(1, 16, np.int64)[0]
    assert keys_of_block(codes, graph, rows, keys, 3, NO_KEY) == 11
    np.testing.assert_array_equal(keys[3:11] >> 32, squared + codec.lines - odd)
    np.testing.assert_array_equal((keys[3:11] & 0xFFFFFFFF) >> 1, graph[0])


def test_only_keys_below_the_bound_are_appended_and_gaps_are_not(clustered: Any, vnni: bool) -> None:
    _, codes, rows, _ = coded(clustered(310, 40), integer=False, vnni=vnni)
    graph, keys = np.array([[5, 9, 11, 40, 5, 5, 5, 5]], np.int32), aligned_rows(1, 16, np.int64)[0]
    assert keys_of_block(codes, graph, rows, keys, 0, NO_KEY) == 4
    everything = keys[:4].copy()
    bound = int(np.sort(everything)[2])
    count = keys_of_block(codes, graph, rows, keys, 0, bound)
    assert keys[:count].tolist() == [key for key in everything if key < bound]


@pytest.mark.parametrize("integer", [False, True])
def test_codes_without_vnni_are_the_same_bytes(clustered: Any, integer: bool, vnni: bool) -> None:
    data = clustered(510, 100, integer=integer)
    fast, portable = (coded(data, integer=integer, vnni=way) for way in (vnni, False))
    np.testing.assert_array_equal(fast[1].view(np.uint8), portable[1].view(np.uint8))
    np.testing.assert_array_equal(fast[0].decode(fast[1][:500]), portable[0].decode(portable[1][:500]))


def test_bytes_are_projected_by_whole_numbers(clustered: Any, vnni: bool) -> None:
    vectors = as_bytes(clustered(301, 90, integer=True))
    projection = fit_line_codec(Principal(vectors), vnni=vnni).projection
    expected = vectors.astype(np.int64) @ np.rint(projection.weights).astype(np.int64)
    products = projection.products(vectors)
    assert products.dtype == np.int32
    np.testing.assert_array_equal(products, expected)
    floats = padded(vectors[:, :90].astype(np.float32))  # narrower than the weights are high
    np.testing.assert_allclose(projection.products(floats), expected, rtol=1e-5, atol=1)


@pytest.mark.parametrize("d", [30, 100, 300])
@pytest.mark.parametrize("integer", [False, True])
def test_decoded_distances_are_proportional_to_distances(clustered: Any, integer: bool, d: int) -> None:
    base = clustered(800, d, integer=integer)
    vectors = as_bytes(base) if integer else padded(base)
    codec = fit_line_codec(Principal(vectors), vnni=has_vnni())
    decoded = codec.decode(codec.encode(vectors, vnni=has_vnni())[:800]).astype(np.float64)
    true = ((base[:50, None] - base[None, 50:100]).astype(np.float64) ** 2).sum(axis=2).ravel()
    by_code = ((decoded[:50, None] - decoded[None, 50:100]) ** 2).sum(axis=2).ravel()
    assert np.corrcoef(true, by_code)[0, 1] > 0.999


def test_a_flat_spectrum_takes_a_second_line_and_a_steep_one_does_not() -> None:
    noise = np.random.default_rng(0).standard_normal((4000, 384)).astype(np.float32)
    steep = noise * np.float32(0.9) ** np.arange(384, dtype=np.float32)
    assert fit_line_codec(Principal(padded(noise)), vnni=has_vnni()).lines > 1
    assert fit_line_codec(Principal(padded(steep)), vnni=has_vnni()).lines == 1
