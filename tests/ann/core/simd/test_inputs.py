"""Vectors of every type a caller may have: the same neighbors as in float64."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
import torch

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.live.index import LiveNSG

KINDS = [pytest.param(lambda index: index, id="NSG"), pytest.param(CodedNSG.of, id="CodedNSG")]


def in_double(base: Any, queries: Any, k: int) -> Any:
    distances = ((queries[:, None].astype(np.float64) - base[None].astype(np.float64)) ** 2).sum(axis=2)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(distances, order, axis=1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "float16", "float32", "float64"])
def test_every_type_is_searched_as_in_float64(kind: Any, dtype: str) -> None:
    rng = np.random.default_rng(0)
    data = (rng.integers(0, 2, (600, 20)) if dtype == "bool" else rng.normal(0, 30, (600, 20))).clip(0, 120)
    base, queries = data[:580].astype(dtype), data[580:].astype(dtype)
    _, distances = kind(NSG.build(base)).search(queries, 5, len(base))
    np.testing.assert_allclose(distances, in_double(base, queries, 5)[1], rtol=1e-4, atol=1e-3)


def test_a_tensor_in_bfloat16_is_taken() -> None:
    tensor = torch.randn(300, 16, generator=torch.Generator().manual_seed(0)).bfloat16()
    ids, _ = NSG.build(tensor).search(tensor[:50], 1, 300)
    assert ids[:, 0].tolist() == list(range(50))


@pytest.mark.parametrize("kind", KINDS)
def test_vectors_far_from_zero_keep_their_neighbors(kind: Any, tmp_path: Path) -> None:
    data = np.random.default_rng(0).normal(size=(1000, 8)) + np.array([1e9] * 4 + [-1e7] * 4)
    base, queries = data[:950], data[950:]
    order, distances = in_double(base, queries, 10)
    index = kind(NSG.build(base))
    index.save(tmp_path / "index")
    for one in (index, type(index).load(tmp_path / "index")):
        ids, found = one.search(queries, 10, len(base))
        np.testing.assert_array_equal(ids, order)
        np.testing.assert_allclose(found, distances, rtol=1e-4)
        alone, _ = one.searcher(10, len(base))(queries[0])
        np.testing.assert_array_equal(alone, order[0])
    plain = in_double(base.astype(np.float32), queries.astype(np.float32), 10)[0]
    assert (plain != order).mean() > 0.5  # in float32 as they are, most of them are lost


def test_a_living_index_takes_vectors_far_from_zero() -> None:
    data = np.random.default_rng(0).normal(size=(600, 8)) + 1e8
    index = LiveNSG.of(NSG.build(data[:500]))
    index.add(data[500:])
    ids, distances = index.search(data, 1, 600)
    assert ids[:, 0].tolist() == list(range(600))
    assert (distances == 0).all()


@pytest.mark.parametrize("kind", [*KINDS, pytest.param(LiveNSG.of, id="LiveNSG")])
def test_bits_are_searched_under_hamming_as_faiss_does(kind: Any) -> None:
    rng = np.random.default_rng(0)
    centers = rng.integers(0, 256, (20, 16), dtype=np.uint8)
    data = centers[rng.integers(20, size=1050)] ^ np.packbits(rng.random((1050, 128)) < 0.1, axis=1)
    base, queries = data[:1000], data[1000:]
    flat = faiss.IndexBinaryFlat(128)
    flat.add(base)
    index = kind(NSG.build(base, metric="hamming"))
    for asked in (queries, np.unpackbits(queries, axis=1).astype(bool)):
        _, distances = index.search(asked, 10, 1000)
        np.testing.assert_array_equal(distances, flat.search(queries, 10)[0])
    quick = index.search(queries, 10, 60)[1]
    assert (quick == flat.search(queries, 10)[0]).mean() > 0.95


def test_one_vector_of_bits_a_call() -> None:
    base = np.random.default_rng(0).integers(0, 256, (300, 8), dtype=np.uint8)
    index = CodedNSG.of(NSG.build(base, metric="hamming"))
    ids, distances = index.searcher(1, 300)(base[7])
    assert (ids.tolist(), distances.tolist()) == ([7], [0.0])


def test_what_is_no_bit_is_refused() -> None:
    with pytest.raises(ValueError, match="base: expected bits, as booleans or packed into uint8, got int64"):
        NSG.build(np.array([[0, 2]]), metric="hamming")
    index = NSG.build(np.zeros((3, 2), np.uint8), metric="hamming")
    with pytest.raises(ValueError, match="queries: expected 16 dimensions, as in the base, got 8"):
        index.search(np.zeros((1, 8), bool), 1, 3)


def test_a_recommendation_of_moved_vectors_asks_as_the_caller_does() -> None:
    data = np.random.default_rng(0).normal(size=(500, 8)) + 1e8
    advice = NSG.build(data).recommend(0.95, k=5, threads=1)
    assert advice.recall >= 0.95
