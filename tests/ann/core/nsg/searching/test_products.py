"""Inner products with lengths that differ by any factor, beside numpy's products in float64."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG


@pytest.mark.parametrize("factor", [1, 100, 1e4, 1e7])
@pytest.mark.parametrize("few", [1, 5])
def test_one_long_vector_costs_no_neighbor(factor: float, few: int) -> None:
    rng = np.random.default_rng(0)
    base, queries = rng.standard_normal((400, 16)).astype(np.float32), rng.standard_normal((20, 16)).astype(np.float32)
    base[:few] *= np.float32(factor)
    products = queries.astype(np.float64) @ base.T.astype(np.float64)
    expected = np.sort(-products, axis=1)[:, :10]
    index = NSG.build(base, metric="ip")
    coded = CodedNSG.of(index)
    answers = [kind.search(queries, 10, 400) for kind in (index, coded)]
    alone = [coded.searcher(10, 400)(query) for query in queries]
    answers.append((np.stack([ids for ids, _ in alone]), np.stack([distances for _, distances in alone])))
    for ids, distances in answers:
        np.testing.assert_allclose(distances, expected, rtol=1e-6, atol=1e-5)
        np.testing.assert_allclose(-np.take_along_axis(products, ids, axis=1), expected, rtol=1e-6, atol=1e-5)


def test_a_long_vector_that_is_not_allowed_is_no_result() -> None:
    base = np.eye(40, dtype=np.float32)
    base[3] *= 1000
    allowed = np.arange(40) != 3
    ids, _ = NSG.build(base, metric="ip").search(np.ones((2, 40), np.float32), 39, 39, allowed=allowed)
    assert np.sort(ids, axis=1).tolist() == [[i for i in range(40) if i != 3]] * 2


def test_vectors_whose_squares_exceed_float32_are_refused() -> None:
    with pytest.raises(ValueError, match="base: expected vectors no longer than 1e"):
        NSG.build(np.full((50, 8), 1e25, np.float32))
