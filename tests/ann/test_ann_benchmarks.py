"""The module for ann-benchmarks, run by a small copy of what its runner does: the definitions of config.yml expanded,
an algorithm made of each, fitted, then searched for every group of query arguments, one by one and in batch.
"""

from __future__ import annotations

import importlib.util
import itertools
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest
import yaml

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CONFIG = yaml.safe_load((BENCHMARKS / "ann_benchmarks_config.yml").read_text())
(ALGORITHM,) = CONFIG["float"]["any"]


def definitions(metric: str) -> list[tuple[list[Any], list[list[Any]]]]:
    """Constructor's arguments and groups of query arguments, expanded as the harness does."""
    found = []
    for group in ALGORITHM["run_groups"].values():
        expanded = []
        for arguments in group["arg_groups"]:
            choices = [[(k, one) for one in v] if isinstance(v, list) else [(k, v)] for k, v in arguments.items()]
            expanded.append([dict(one) for one in itertools.product(*choices)])
        query_arguments = [list(one) for one in itertools.product(*group["query_args"])]
        found += [([metric, *one], query_arguments) for one in itertools.product(*expanded)]
    return found


def constructor() -> Any:
    spec = importlib.util.spec_from_file_location("module", BENCHMARKS / "ann_benchmarks_module.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, ALGORITHM["constructor"])


def truth(base: np.ndarray, queries: np.ndarray, metric: str) -> np.ndarray:
    if metric == "angular":
        base, queries = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in (base, queries))
    flat = faiss.IndexFlatL2(base.shape[1])
    flat.add(base)
    return flat.search(queries, 10)[1]


@pytest.mark.parametrize("metric", ["euclidean", "angular"])
def test_the_harness_can_run_every_definition(metric: str) -> None:
    rng = np.random.default_rng(0)
    base, queries = (rng.standard_normal((n, 16)).astype(np.float32) for n in (800, 30))
    expected = truth(base, queries, metric)
    for arguments, query_groups in definitions(metric):
        algorithm = constructor()(*arguments)
        before = algorithm.get_memory_usage()
        algorithm.fit(base)
        assert algorithm.get_memory_usage() - before > base.nbytes / 1024
        recalls = []
        for query_arguments in query_groups:
            algorithm.set_query_arguments(*query_arguments)
            single = [list(algorithm.query(vector, 10)) for vector in queries]
            alone = algorithm.get_additional()["dist_comps"]
            algorithm.batch_query(queries, 10)
            batch = [list(ids) for ids in algorithm.get_batch_results()]
            assert algorithm.get_additional()["dist_comps"] > alone > 0
            assert all(len(set(ids)) == 10 for ids in single + batch)
            # One query a call expands several nodes at once, so it may find more, and does not find less.
            alone_recall, recall = (
                np.mean([len({*ids} & {*row}) / 10 for ids, row in zip(found, expected, strict=True)])
                for found in (single, batch)
            )
            assert alone_recall >= recall - 0.01
            recalls.append(recall)
        assert recalls[-1] == 1.0
        assert str(arguments[1]) in str(algorithm)
        algorithm.done()


def test_the_configuration_has_what_the_harness_requires() -> None:
    assert {"name", "docker_tag", "module", "constructor", "base_args", "run_groups"} <= ALGORITHM.keys()
    assert ALGORITHM["base_args"] == ["@metric"]
    assert all(sizes == sorted(sizes) for group in ALGORITHM["run_groups"].values() for sizes in group["query_args"])


def test_fewer_vectors_than_neighbors_give_no_minus_one() -> None:
    algorithm = constructor()("euclidean", {"knn": 4})
    algorithm.fit(np.eye(3, dtype=np.float32))
    algorithm.batch_query(np.eye(3, dtype=np.float32), 10)
    assert [sorted(ids) for ids in algorithm.get_batch_results()] == [[0, 1, 2]] * 3
    assert sorted(algorithm.query(np.ones(3, np.float32), 10)) == [0, 1, 2]


def test_a_metric_that_it_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="expected the metric euclidean or angular, got hamming"):
        constructor()("hamming", {})
