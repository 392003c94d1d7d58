"""Every index type of the table against a scan and counts by hand."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from experiments.ann.core.exact.exact import exact_neighbors
from experiments.ann.core.rivals import INDEXES, Settings
from experiments.ann.core.rivals.measuring import one_thread
from experiments.ann.core.rivals.ours import OurCodedNSG, OurNSG

SETTINGS = Settings(max_degree=32, build_list_size=100, leaf_size=8, nlist=8, nprobe=(8,), pq_subvectors=4, k=5)
FULL = {
    "exact": 400,
    "kdtree": 400,
    "ivf": 8,
    "hnsw": 400,
    "faiss_nsg": 1000,
    "nsg": 400,
    "nsg_codes": 400,
    "code_scan": 400,
}
"""Index types that are exact with the whole effort; of a list longer than the base faiss would not return by itself."""
OTHERS = [name for name in INDEXES if name not in (*FULL, "lsh")]


def vectors(seed: int, n: int, dim: int) -> np.ndarray:
    return np.random.default_rng(seed).random((n, dim), dtype=np.float32)


def shared(found: np.ndarray, truth: np.ndarray) -> float:
    """Mean share of the true ids that were found."""
    return float(np.mean([len({*a} & {*b}) / len(b) for a, b in zip(found, truth, strict=True)]))


@pytest.mark.parametrize("dim", [8, 13])
@pytest.mark.parametrize("name", FULL)
def test_the_whole_effort_makes_it_exact(name: str, dim: int) -> None:
    base, queries = vectors(9, 400, dim), vectors(10, 20, dim)
    with one_thread():
        found = INDEXES[name].of(base, SETTINGS).search(queries, 5, FULL[name])
    assert np.asarray(found).tolist() == exact_neighbors(base, queries, 5, threads=1)[0].tolist()


@pytest.mark.parametrize("dim", [8, 13])
def test_quantization_finds_some_in_less_memory(dim: int) -> None:
    base, queries = vectors(9, 400, dim), vectors(10, 20, dim)
    truth = exact_neighbors(base, queries, 5, threads=1)[0]
    with one_thread():
        quantized = INDEXES["ivfpq"].of(base, SETTINGS)
        assert quantized.nbytes < INDEXES["ivf"].of(base, SETTINGS).nbytes
        assert shared(quantized.search(queries, 5, 8), truth) > 0.3


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "pynndescent" else name for name in OTHERS]
)
def test_others_find_neighbors_where_they_are_installed(name: str) -> None:
    if INDEXES[name].missing():
        pytest.skip(INDEXES[name].missing())
    base, queries = vectors(13, 400, 8), vectors(14, 20, 8)
    with one_thread():
        index = INDEXES[name].of(base, SETTINGS)
        found = index.search(queries, 5, 400)
    assert found.shape == (20, 5)
    assert shared(found, exact_neighbors(base, queries, 5, threads=1)[0]) > (0.3 if name == "ivfpq" else 0.8)
    assert np.isnan(index.distance_computations(queries, 5, 8)) == (name != "ivfpq")


@pytest.mark.parametrize("name", INDEXES)
def test_one_query_is_answered_as_in_a_batch_and_what_was_built_is_known(name: str) -> None:
    if INDEXES[name].missing() or name == "pynndescent":
        pytest.skip("not here, or compiles for a minute")
    base, queries = vectors(15, 300, 8), vectors(16, 5, 8)
    with one_thread():
        index = INDEXES[name].of(base, SETTINGS)
        effort = max(index.efforts)
        alone = [index.search(queries[row : row + 1], 4, effort)[0] for row in range(5)]
        assert np.asarray(alone).tolist() == np.asarray(index.search(queries, 4, effort)).tolist()
    assert min(index.nbytes, index.build_seconds, index.build_cpu_seconds) > 0
    assert index.degrees is None or (len(index.degrees), max(index.degrees) <= 32) == (300, True)


def test_what_is_missing_is_said_and_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hnswlib", None)
    monkeypatch.setattr("experiments.ann.core.rivals.index.find_spec", lambda name: None)
    assert INDEXES["hnswlib"].missing() == "hnswlib is not installed, see the extra peers"
    assert not INDEXES["nsg"].missing()
    with pytest.raises(ImportError):
        INDEXES["hnswlib"].of(vectors(0, 10, 2), SETTINGS)


def test_codes_on_a_built_graph_are_those_of_their_own_build() -> None:
    base, queries = vectors(17, 300, 24), vectors(18, 9, 24)
    plain, coded = OurNSG.of(base, SETTINGS), OurCodedNSG.of(base, SETTINGS)
    onto = OurCodedNSG.on(plain, threads=1)
    assert onto.search(queries, 5, 10).tolist() == coded.search(queries, 5, 10).tolist()
    assert onto.build_seconds > plain.build_seconds
    assert (onto.degrees == plain.degrees).all()


def test_counts_are_those_of_the_definition() -> None:
    base, queries = vectors(11, 256, 4), vectors(12, 10, 4)
    settings = replace(SETTINGS, nlist=4, leaf_size=256, lsh_projections=3, lsh_tables=(1, 2), k=3)
    with one_thread():
        counts = {
            name: INDEXES[name].of(base, settings).distance_computations for name in ("exact", "ivf", "kdtree", "lsh")
        }
        assert counts["exact"](queries, 3, 1) == 256
        assert counts["ivf"](queries, 3, 4) == 4 + 256
        assert counts["kdtree"](queries, 3, 1) == 1 + 256
        assert counts["lsh"](queries, 3, 2) >= counts["lsh"](queries, 3, 1) > 3


@pytest.mark.parametrize("equal", [270, 400])
def test_faiss_is_not_given_what_it_would_not_return_from(equal: int) -> None:
    base = vectors(15, 400, 8)
    base[:equal] = base[0]
    with pytest.raises(RuntimeError, match=f"{equal} of 400 are equal"):
        INDEXES["faiss_nsg"].of(base, SETTINGS)
