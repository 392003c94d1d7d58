"""The methods of the frontier against a scan, counts by hand and faiss."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.ann.core.exact.exact import exact_neighbors
from experiments.ann.core.rivals import methods
from experiments.ann.core.rivals.optional_methods import LIBRARIES, installed, optional_method


def vectors(seed: int, n: int, dim: int) -> np.ndarray:
    return np.random.default_rng(seed).random((n, dim), dtype=np.float32)


@pytest.mark.parametrize("dim", [8, 13])
def test_every_method_is_exact_at_full_effort_but_for_quantization(dim):
    base, queries = vectors(9, 400, dim), vectors(10, 20, dim)
    truth = exact_neighbors(base, queries, 5, threads=1)[0]
    with methods.one_thread():
        found = {
            methods.exact_scan(base): 1,
            methods.kd_tree(base, leaf_size=8): 400,
            methods.inverted_lists(base, nlist=8): 8,
            methods.hnsw(base, links=16, search_list_size=100): 400,
            methods.nsg(base, max_degree=16, search_list_size=50, seed=0): 400,
        }
        for method, effort in found.items():
            assert np.asarray(method.search(queries, 5, effort)).tolist() == truth.tolist(), method.name
        quantized = methods.inverted_lists(base, nlist=8, pq_subvectors=4)
        assert quantized.index_bytes < methods.inverted_lists(base, nlist=8).index_bytes
        assert (
            np.mean([len({*a} & {*b}) / 5 for a, b in zip(quantized.search(queries, 5, 8), truth, strict=True)]) > 0.3
        )


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=pytest.mark.slow) if name == "pynndescent" else name for name in LIBRARIES],
)
def test_other_libraries_find_neighbors_where_they_are_installed(name):
    if not installed(name):
        pytest.skip(f"{name} is not installed")
    base, queries = vectors(13, 400, 8), vectors(14, 20, 8)
    with methods.one_thread():
        method = optional_method(name, base, links=16, search_list_size=100, seed=0)
        found = method.search(queries, 5, 400)
    truth = exact_neighbors(base, queries, 5, threads=1)[0]
    assert found.shape == (20, 5)
    assert np.mean([len({*a} & {*b}) / 5 for a, b in zip(found, truth, strict=True)]) > 0.8
    assert np.isnan(method.count(queries, 5, 10))


def test_counts_are_those_of_the_definition():
    base, queries = vectors(11, 256, 4), vectors(12, 10, 4)
    with methods.one_thread():
        assert methods.exact_scan(base).count(queries, 3, 1) == 256
        assert methods.inverted_lists(base, nlist=4).count(queries, 3, 4) == 4 + 256
        assert methods.kd_tree(base, leaf_size=256).count(queries, 3, 1) == 1 + 256
        tables = methods.hash_tables(base, tables=2, projections=3, k=3, seed=0)
        assert tables.count(queries, 3, 2) >= tables.count(queries, 3, 1) > 3
        speed = methods.queries_per_second(methods.exact_scan(base), queries, 3, 1, batch=False, repeats=2)
    assert speed > 0
