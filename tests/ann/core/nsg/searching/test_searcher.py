"""One query a call: the answers of a batch for every kind of vectors and metric, and with the whole base a scan's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import faiss
import numpy as np
import pytest

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("d", [12, 40, 300])
def test_with_the_whole_base_a_searcher_finds_what_faiss_finds(clustered: Any, integer: bool, d: int) -> None:
    data = clustered(630, d, integer=integer)
    base, queries = data[:600], data[600:]
    flat = faiss.IndexFlatL2(d)
    flat.add(base)
    squared, _ = flat.search(queries, 5)
    index = NSG.build(base)
    for kind in (index, CodedNSG.of(index), CodedNSG.of(index, portable=True)):
        search = kind.searcher(k=5, search_list_size=600)
        np.testing.assert_allclose(
            [search(query)[1] for query in queries], squared, rtol=1e-3, atol=1e-3 * squared.max()
        )


@pytest.mark.parametrize("metric", ["l2", "cosine", "ip"])
@pytest.mark.parametrize("of", [lambda index: index, CodedNSG.of], ids=["floats", "codes"])
def test_a_searcher_answers_as_a_batch_does(clustered: Any, metric: Any, of: Callable[[NSG], Any]) -> None:
    data = clustered(1060, 40)
    index = of(NSG.build(data[:1000], metric=metric))
    ids, distances = index.search(data[1000:], 5, 200)
    search = index.searcher(5, 200)
    answers = [search(query) for query in data[1000:]]
    assert np.mean([found[0] for found in answers] == ids) > 0.98
    np.testing.assert_allclose([found[1][0] for found in answers], distances[:, 0], rtol=1e-4, atol=1e-4)


def test_bytes_are_found_from_bytes_and_from_floats_with_fractions(clustered: Any) -> None:
    base = clustered(500, 70, integer=True)
    search = CodedNSG.of(NSG.build(base)).searcher(1, 20)
    for row in (3, 77):
        for query in (base[row], base[row].astype(np.uint8), base[row] + np.float32(0.25)):
            assert search(query)[0].tolist() == [row]


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        (np.zeros(3, np.float32), r"query: expected a vector \(40,\), got shape \(3,\)"),
        (np.full(40, np.nan, np.float32), "query: expected finite numbers, got NaN or infinity"),
    ],
)
def test_what_is_no_vector_of_the_space_is_refused(clustered: Any, query: Any, fault: str) -> None:
    search = NSG.build(clustered(50, 40)).searcher(1, 10)
    with pytest.raises(ValueError, match=fault):
        search(query)


def test_fewer_vectors_than_neighbors_leave_places_empty() -> None:
    ids, distances = NSG.build(np.eye(3, dtype=np.float32)).searcher(5, 5)(np.float32([1, 0, 0]))
    assert ids[0] == 0
    assert ids[3:].tolist() == [-1, -1]
    assert np.isinf(distances[3:]).all()
