"""A recommendation keeps what it says when it is followed on other queries of the same kind."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np
import pytest

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG


def test_what_is_recommended_reaches_the_recall_on_other_queries(clustered: Any) -> None:
    data = clustered(2300, 40)
    index = NSG.build(data[:2000])
    flat = faiss.IndexFlatL2(40)
    flat.add(data[:2000])
    truth = flat.search(data[2000:], 10)[1]
    for queries in (None, data[2000:2150]):
        advice = index.recommend(0.95, queries=queries, threads=1)
        kinds = {"index": index, "CodedNSG.of(index)": CodedNSG.of(index)}
        ids, _ = kinds[advice.index].search(data[2000:], 10, advice.search_list_size)
        recall = np.mean([len({*found} & {*true}) / 10 for found, true in zip(ids, truth, strict=True)])
        assert advice.recall >= 0.95
        assert recall >= 0.93
        assert f"{advice.index}.search(queries, k=10, search_list_size={advice.search_list_size}, threads=1)" in str(
            advice
        )


def test_all_of_a_small_base_is_recommended_for_a_recall_of_one() -> None:
    index = NSG.build(np.random.default_rng(0).standard_normal((30, 20)))
    assert index.recommend(1.0, k=5, threads=1).recall == 1.0


@pytest.mark.parametrize(("recall", "k"), [(0.0, 10), (1.5, 10), (0.9, 30)])
def test_what_cannot_be_is_refused(recall: float, k: int) -> None:
    index = NSG.build(np.random.default_rng(0).standard_normal((30, 20)))
    with pytest.raises(ValueError, match="expected a recall in"):
        index.recommend(recall, k=k)
