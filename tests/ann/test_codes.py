"""Codes, and what is found by them, against plain arithmetic and exact search; with VNNI and without."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from experiments.ann.core.codes.code_pairs import ROWS, column_blocks, products_of_tile, row_codes, tile_of
from experiments.ann.core.codes.code_table import table_of
from experiments.ann.core.codes.codes import Principal, as_bytes, fit_codec, holds_bytes
from experiments.ann.core.codes.line_codes import LineCodec
from experiments.ann.core.codes.line_fit import fit_line_codec
from experiments.ann.core.codes.stored_vector import stored_distance
from experiments.ann.core.exact.exact import exact_neighbors, knn_graph_steps, recall_by_distance
from experiments.ann.core.nsg import batch_search
from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.coded_neighbors import coded_graph_steps, graph_rows
from experiments.ann.core.nsg.coded_rows import ROOM, row_scratch
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.lists import in_blocks
from experiments.ann.core.simd.code_vector import block_keys
from experiments.ann.core.simd.kernel import finish, kernel
from experiments.ann.core.simd.machine import has_tiles, has_vnni
from experiments.ann.core.simd.pool_vector import NO_KEY, absorb, first_open
from experiments.ann.core.simd.vector import aligned_rows, padded

WAYS = [False, pytest.param(True, marks=pytest.mark.skipif(not has_vnni(), reason="this processor has no VNNI"))]


def clustered(n: int, d: int, *, integer: bool = False) -> NDArray[np.float32]:
    rng = np.random.default_rng(4)
    low = (
        rng.standard_normal((n, 6)) @ rng.standard_normal((6, d))
        + 3 * rng.standard_normal((8, d))[rng.integers(8, size=n)]
    )
    low += 0.05 * rng.standard_normal((n, d))
    scaled = np.clip(np.rint(127 + 12 * low), 0, 255) if integer else low
    return scaled.astype(np.float32)


@kernel
def keys_of_block(codes: Any, graph: Any, query: Any, keys: Any, count: int, bound: int) -> int:
    return int(block_keys(codes, graph, 0, 0, query, 0, keys, count, bound))


@kernel
def insert_all(pool: Any, keys: Any, count: int) -> int:
    absorb(pool, 0, keys, count)
    return int(first_open(pool, 0))


@kernel
def measured(x: Any, y: Any, codes: Any) -> float:
    return float(stored_distance(x, 1, y, 0, codes))


def coded(n: int, d: int, *, integer: bool, vnni: bool) -> tuple[LineCodec, Any, Any, Any]:
    """A codec, codes of a base, rows of 10 queries, and the coordinates of these queries in units of code."""
    data = clustered(n + 10, d, integer=integer)
    vectors, queries = (as_bytes(part) if integer else padded(part) for part in (data[:n], data[n:]))
    codec = fit_line_codec(Principal(vectors), vnni=vnni)
    mapped = codec.projection
    coordinates = queries.astype(np.float32) @ mapped.weights * mapped.scale - mapped.shift
    rows = codec.encode_queries(queries, vnni=vnni)
    return codec, codec.encode(vectors, vnni=vnni), rows, np.clip(np.rint(codec.ordered(coordinates)), -127, 127)


@pytest.mark.parametrize("vnni", WAYS)
@pytest.mark.parametrize(("integer", "d"), [(False, 20), (False, 130), (True, 90)])
def test_code_distance_is_that_of_decoded_coordinates(vnni: bool, integer: bool, d: int) -> None:
    codec, codes, rows, asked = coded(400, d, integer=integer, vnni=vnni)
    graph = np.random.default_rng(1).permutation(400)[None, :8].astype(np.int32)
    decoded = codec.decode(codes[:400])
    squared = ((decoded[graph[0]].astype(np.int64) - asked[0].astype(np.int64)) ** 2).sum(axis=1)
    odd = (decoded[graph[0]].astype(np.int64) ** 2).sum(axis=1) % 2  # half the squared length is rounded down
    keys = aligned_rows(1, 16, np.int64)[0]
    assert keys_of_block(codes, graph, rows, keys, 3, NO_KEY) == 11
    np.testing.assert_array_equal(keys[3:11] >> 32, squared + 1 - odd)
    np.testing.assert_array_equal((keys[3:11] & 0xFFFFFFFF) >> 1, graph[0])


@pytest.mark.parametrize("vnni", WAYS)
def test_only_keys_below_the_bound_are_appended_and_gaps_are_not(vnni: bool) -> None:
    _, codes, rows, _ = coded(300, 40, integer=False, vnni=vnni)
    graph, keys = np.array([[5, 9, 11, 40, 5, 5, 5, 5]], np.int32), aligned_rows(1, 16, np.int64)[0]
    assert keys_of_block(codes, graph, rows, keys, 0, NO_KEY) == 4
    everything = keys[:4].copy()
    bound = int(np.sort(everything)[2])
    count = keys_of_block(codes, graph, rows, keys, 0, bound)
    assert keys[:count].tolist() == [key for key in everything if key < bound]


@pytest.mark.parametrize("vnni", WAYS)
@pytest.mark.parametrize("integer", [False, True])
def test_codes_without_vnni_are_the_same_bytes(integer: bool, vnni: bool) -> None:
    fast, portable = (coded(500, 100, integer=integer, vnni=way) for way in (vnni, False))
    np.testing.assert_array_equal(fast[1].view(np.uint8), portable[1].view(np.uint8))
    np.testing.assert_array_equal(fast[0].decode(fast[1][:500]), portable[0].decode(portable[1][:500]))


@pytest.mark.parametrize("vnni", WAYS)
def test_bytes_are_projected_by_whole_numbers(vnni: bool) -> None:
    vectors = as_bytes(clustered(301, 90, integer=True))
    projection = fit_line_codec(Principal(vectors), vnni=vnni).projection
    expected = vectors.astype(np.int64) @ np.rint(projection.weights).astype(np.int64)
    products = projection.products(vectors)
    assert products.dtype == np.int32
    np.testing.assert_array_equal(products, expected)
    floats = padded(vectors[:, :90].astype(np.float32))  # narrower than the weights are high
    np.testing.assert_allclose(projection.products(floats), expected, rtol=1e-5, atol=1)


@pytest.mark.parametrize("blocks", [1, 2, 5, 6, 12, 13, 20, 27])
def test_pool_stays_sorted_without_repetition_and_keeps_the_smallest(blocks: int) -> None:
    rng = np.random.default_rng(blocks)
    pool, keys = aligned_rows(1, 8 * blocks, np.int64), aligned_rows(1, 8, np.int64)[0]
    pool[:] = NO_KEY
    inserted: set[int] = set()
    for _ in range(100):
        nodes = rng.permutation(400)[:8]
        keys[:] = (nodes % 13).astype(np.int64) << 32 | nodes << 1
        inserted |= {int(key) for key in keys[:6]}
        insert_all(pool, keys, 6)
        if pool[0, 0] & 1 == 0:
            pool[0, 0] |= 1
    held = [int(key) & ~1 for key in pool[0] if key != NO_KEY]
    assert held == sorted(inserted)[: 8 * blocks]
    assert insert_all(pool, keys, 0) == next((i for i, key in enumerate(pool[0]) if not key & 1), 8 * blocks)


@pytest.mark.parametrize("vnni", WAYS)
def test_distances_of_bytes_are_exact(vnni: bool) -> None:
    x = as_bytes(np.random.default_rng(2).integers(0, 256, (3, 150)).astype(np.float32))
    expected = float(((x[1].astype(int) - x[0].astype(int)) ** 2).sum())
    selector = np.empty((0, 0), np.uint8 if vnni else np.int8)
    floats = np.ascontiguousarray(x, dtype=np.float32)
    assert measured(x, x, selector) == measured(x, floats, selector) == measured(floats, floats, selector) == expected


@pytest.mark.parametrize("d", [30, 100, 300])
@pytest.mark.parametrize("integer", [False, True])
def test_decoded_distances_are_proportional_to_distances(integer: bool, d: int) -> None:
    base = clustered(800, d, integer=integer)
    vectors = as_bytes(base) if integer else padded(base)
    codec = fit_line_codec(Principal(vectors), vnni=has_vnni())
    decoded = codec.decode(codec.encode(vectors, vnni=has_vnni())[:800]).astype(np.float64)
    true = ((base[:50, None] - base[None, 50:100]).astype(np.float64) ** 2).sum(axis=2).ravel()
    by_code = ((decoded[:50, None] - decoded[None, 50:100]) ** 2).sum(axis=2).ravel()
    assert np.corrcoef(true, by_code)[0, 1] > 0.999


@pytest.mark.parametrize("vnni", WAYS)
@pytest.mark.parametrize("integer", [False, True])
def test_graph_by_codes_is_the_exact_graph(integer: bool, vnni: bool) -> None:
    base = clustered(5000, 100, integer=integer)
    base[2000:4600] = base[17]  # more than a row has room for
    base[30] = 255  # the codes of what lies far outside are clipped
    vectors = as_bytes(base) if integer else padded(base)
    codec = fit_codec(Principal(vectors[31:]), 64, vnni=vnni)
    codes, order = codec.encode(vectors), np.random.default_rng(0).permutation(5000).astype(np.int32)
    found = finish(coded_graph_steps(vectors, codec, codes, order, 12, most=5000, threads=2, vnni=vnni))
    expected = finish(knn_graph_steps(padded(base), 12, threads=1))
    assert found is not None
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_array_equal(found[1], expected[1])


@pytest.mark.parametrize("vnni", WAYS)
def test_rows_with_more_candidates_than_room_find_their_nearest_too(vnni: bool) -> None:
    vectors = padded(clustered(9000, 60))
    vectors[::1500] *= 1000  # all others have the same code, or almost
    codec = fit_codec(Principal(vectors), 64, vnni=vnni)
    codes, order = codec.encode(vectors), np.random.default_rng(0).permutation(9000).astype(np.int32)
    table = table_of(codec, vectors, codes, order, 1, vnni=vnni)
    ids, squared = np.empty((9000, 10), np.int32), np.empty((9000, 10), np.float32)
    assert graph_rows(table, tile_of(vnni=vnni), 0, ROWS, row_scratch(10), ids, squared) > ROOM * ROWS
    expected = finish(knn_graph_steps(vectors, 10, threads=1))
    np.testing.assert_array_equal(ids[order[:ROWS]], expected[0][order[:ROWS]])
    np.testing.assert_array_equal(squared[order[:ROWS]], expected[1][order[:ROWS]])


@kernel
def multiply_part(rows: Any, blocks: Any, start: int, products: Any, tiles: bool) -> None:
    products_of_tile(rows, blocks, start, products.shape[1], products, tiles)


@pytest.mark.parametrize(
    ("vnni", "tiles"),
    [
        (False, False),
        pytest.param(True, False, marks=pytest.mark.skipif(not has_vnni(), reason="this processor has no VNNI")),
        pytest.param(True, True, marks=pytest.mark.skipif(not has_tiles(), reason="this processor has no tiles")),
    ],
)
@pytest.mark.parametrize(("width", "some"), [(64, 16), (128, 3), (256, 16)])
def test_products_of_codes_are_those_of_integers(vnni: bool, tiles: bool, width: int, some: int) -> None:
    codes = np.random.default_rng(width).integers(-127, 128, (700, width)).astype(np.int8 if vnni else np.int16)
    blocks, _ = column_blocks(codes, 1024, vnni=vnni)
    rows, _ = row_codes(codes[:some], vnni=vnni)
    products = aligned_rows(16, 512, np.int32)
    multiply_part(rows, blocks, 128, products, tiles)
    np.testing.assert_array_equal(products[:some], rows.astype(np.int64) @ codes[128:640].T.astype(np.int64))


@pytest.mark.parametrize("vnni", WAYS)
def test_codes_that_tell_nothing_apart_are_declined(vnni: bool) -> None:
    vectors = padded(np.random.default_rng(0).standard_normal((6000, 400)).astype(np.float32))
    codec = fit_codec(Principal(vectors), 64, vnni=vnni)
    codes, order = codec.encode(vectors), np.arange(6000, dtype=np.int32)
    assert finish(coded_graph_steps(vectors, codec, codes, order, 10, most=400, threads=1, vnni=vnni)) is None


@pytest.mark.parametrize("portable", [True, False])
@pytest.mark.parametrize("integer", [False, True])
def test_search_by_codes_finds_what_exact_search_finds(portable: bool, integer: bool) -> None:
    data = clustered(1700, 90, integer=integer)
    base, queries = data[:1500], data[1500:]
    index = NSG.build(base, knn=30)
    coded = CodedNSG.of(index, portable=portable)
    _, truth = exact_neighbors(base, queries, 10)
    _, distances = coded.search(queries, 10, 40)
    assert recall_by_distance(distances, truth, 10).mean() > 0.99
    ids, full = coded.search(queries[:5], 10, len(base))
    np.testing.assert_allclose(full, truth[:5], rtol=1e-6)
    assert (np.diff(full, axis=1) >= 0).all()
    assert all(len(set(row)) == 10 for row in ids)


def test_portable_and_fast_search_agree() -> None:
    data = clustered(1200, 64)
    index = NSG.build(data[:1000], knn=20)
    fast, portable = CodedNSG.of(index), CodedNSG.of(index, portable=True)
    np.testing.assert_array_equal(fast.search(data[1000:], 5, 20)[0], portable.search(data[1000:], 5, 20)[0])


def test_looking_up_what_was_measured_changes_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    data = clustered(1200, 64)
    coded = CodedNSG.of(NSG.build(data[:1000], knn=20))
    found = []
    for shortest in (0, 1000):
        monkeypatch.setattr(batch_search, "REMEMBERED_FROM", shortest)
        found.append(coded.search_counted(data[1000:], 5, 40))
    np.testing.assert_array_equal(found[0].ids, found[1].ids)
    assert found[0].distance_computations.sum() < found[1].distance_computations.sum()


def test_build_by_codes_keeps_every_guarantee_and_is_deterministic() -> None:
    base = clustered(3000, 40)
    builds = [NSG.build(base, knn=20, by_codes=True, threads=threads) for threads in (1, 3)]
    np.testing.assert_array_equal(builds[0].graph, builds[1].graph)
    assert builds[0].unreachable == 0
    assert builds[0].degrees.max() <= 32
    assert CodedNSG.of(builds[0]).search(base[:20], 1, 10)[0].tolist() == [[i] for i in range(20)]


@pytest.mark.parametrize("metric", ["cosine", "ip"])
def test_codes_serve_every_metric(metric: str) -> None:
    data = clustered(900, 20)
    index = NSG.build(data[:800], knn=20, metric=metric)
    plain, coded = (each.search(data[800:], 5, 800) for each in (index, CodedNSG.of(index)))
    np.testing.assert_allclose(coded[1], plain[1], rtol=1e-4, atol=1e-4)


def test_bytes_are_recognized() -> None:
    assert holds_bytes(np.array([[0.0, 255.0], [3.0, 4.0]], np.float32))
    assert not any(holds_bytes(np.array([[bad]], np.float32)) for bad in (-1.0, 256.0, 0.5))


def test_gaps_repeat_the_first_id_of_their_block() -> None:
    row = [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    lists = in_blocks(np.array([row, [1] + [-1] * 9], np.int32))
    assert lists.tolist() == [[*row, 11, 11, 11, 11, 11, 11], [1] * 8 + [-1] * 8]


@pytest.mark.parametrize("n", [1, 2, 9])
def test_few_or_equal_vectors_are_searched(n: int) -> None:
    coded = CodedNSG.of(NSG.build(np.ones((n, 3))))
    ids, distances = coded.search(np.ones((2, 3)), 12, 20)
    assert sorted(ids[0, :n].tolist()) == list(range(n))
    assert (distances[:, :n] == 0).all()
    assert (ids[:, n:] == -1).all()
    assert np.isinf(distances[:, n:]).all()
