"""Everything within a radius, beside faiss's range search over all vectors."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
import pytest

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.live.index import LiveNSG


def pairs(counts: Any, ids: Any) -> set[tuple[int, int]]:
    return set(zip(np.repeat(np.arange(len(counts)), counts).tolist(), ids.tolist(), strict=True))


@pytest.fixture(scope="module")
def built(clustered: Any) -> tuple[Any, Any, NSG]:
    data = clustered(2100, 24, integer=False)
    return data[:2000], data[2000:], NSG.build(data[:2000])


@pytest.mark.parametrize("kind", [lambda index: index, CodedNSG.of, LiveNSG.of])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 1.0])
def test_with_the_longest_list_nothing_is_missed(built: Any, kind: Any, share: float) -> None:
    base, queries, index = built
    flat = faiss.IndexFlatL2(base.shape[1])
    flat.add(base)
    farthest = np.sort(flat.search(queries, len(base))[0].ravel())
    radius = float(farthest[min(int(share * farthest.size), farthest.size - 1)]) * (1 + 1e-4)
    limits, _, ids = flat.range_search(queries, radius)
    found = kind(index).search_within(queries, radius, len(base))
    assert pairs(found.counts, found.ids) == pairs(np.diff(limits.astype(np.int64)), ids)
    assert found.counts.sum() == len(found.ids) == len(found.distances)
    assert (found.distances <= radius).all()


def test_a_short_list_finds_nearly_all(built: Any) -> None:
    base, queries, index = built
    all_of_them = index.search_within(queries, 50.0, len(base))
    some = CodedNSG.of(index).search_within(queries, 50.0, 40)
    assert some.counts.sum() > 0.99 * all_of_them.counts.sum()


def test_a_radius_that_is_no_number_and_queries_that_do_not_fit_are_refused(built: Any) -> None:
    _, queries, index = built
    with pytest.raises(ValueError, match="radius: expected a number, got NaN"):
        index.search_within(queries, float("nan"), 10)
    with pytest.raises(ValueError, match="queries: expected 24 dimensions"):
        index.search_within(queries[:, :5], 1.0, 10)
    assert index.search_within(queries[:0], 1.0, 10).counts.tolist() == []
