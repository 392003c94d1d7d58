"""The neighbor graph by codes is the exact one, or none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from experiments.ann.core.codes.code_pairs import ROWS, tile_of
from experiments.ann.core.codes.code_table import table_of
from experiments.ann.core.codes.codes import Principal, as_bytes, fit_codec
from experiments.ann.core.exact.exact import knn_graph_steps
from experiments.ann.core.nsg.construction.coded_neighbors import coded_graph_steps, graph_rows
from experiments.ann.core.nsg.searching.coded_rows import ROOM, row_scratch
from experiments.ann.core.simd.kernel import finish
from experiments.ann.core.simd.vector import padded


@pytest.mark.parametrize("integer", [False, True])
def test_graph_by_codes_is_the_exact_graph(clustered: Any, integer: bool, vnni: bool) -> None:
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


def test_rows_with_more_candidates_than_room_find_their_nearest_too(clustered: Any, vnni: bool) -> None:
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


def test_codes_that_tell_nothing_apart_are_declined(vnni: bool) -> None:
    vectors = padded(np.random.default_rng(0).standard_normal((6000, 400)).astype(np.float32))
    codec = fit_codec(Principal(vectors), 64, vnni=vnni)
    codes, order = codec.encode(vectors), np.arange(6000, dtype=np.int32)
    assert finish(coded_graph_steps(vectors, codec, codes, order, 10, most=400, threads=1, vnni=vnni)) is None
