"""The experiment ann.nsg from its parameters to its rows and findings."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from experiments.ann import nsg
from experiments.lab.errors import InputError
from experiments.lab.experiment import Progress
from experiments.lab.judge.judge import judge


@cache
def smoke_rows() -> tuple[nsg.Row, ...]:
    params = nsg.Params(n=400, n_queries=50, search_list_sizes=(10, 40), threads=1)
    return tuple(event for event in nsg.run(params, 0) if isinstance(event, nsg.Row))


def test_every_method_has_a_row_for_every_list_size() -> None:
    found = {(row.method, row.search_list_size) for row in smoke_rows() if row.part == "search"}
    graphs = {(method, size) for method in ("NSG", "NSG, codes", "faiss NSG", "faiss HNSW") for size in (10, 40)}
    assert found == graphs | {("faiss Flat", 400)}


def test_flat_scan_is_exact_and_nothing_beats_it() -> None:
    recalls = {row.method: row.recall_at_10 for row in smoke_rows() if row.part == "search"}
    assert recalls["faiss Flat"] == max(recalls.values()) == 1.0


def test_numbers_are_finite_but_where_a_library_counts_none() -> None:
    for row in smoke_rows():
        if row.part == "search":
            assert row.queries_per_second > 0
            assert math.isnan(row.distance_computations) == (row.method == "faiss NSG")


def test_theorems_hold_on_the_smoke_size() -> None:
    findings = judge(nsg.EXPERIMENT.claims, smoke_rows(), smoke=True)
    assert [finding.to_json()["verdict"] for finding in findings[:3]] == ["holds"] * 3


def test_control_is_what_decides_a_theorem() -> None:
    rows = [row for row in smoke_rows() if row.method != nsg.NEITHER]
    findings = judge(nsg.EXPERIMENT.claims, rows, smoke=True)
    assert findings[0].to_json()["verdict"] == "inconclusive"


def test_an_unreachable_node_refutes() -> None:
    rows = [replace(row, unreachable=1) if row.method == "NSG" else row for row in smoke_rows()]
    findings = judge(nsg.EXPERIMENT.claims, rows, smoke=True)
    assert findings[0].to_json()["verdict"] == "refuted"


def test_more_neighbors_than_vectors_are_refused_before_the_first_event() -> None:
    with pytest.raises(InputError) as caught:
        next(nsg.run(nsg.Params(n=50, n_queries=5, k=60), 0))
    assert caught.value.problems == ("k: expected at most 50, the number of base vectors, got 60",)


@pytest.mark.parametrize("rows", [15, 60])
def test_files_smaller_than_every_list_and_full_of_duplicates_are_searched(tmp_path: Path, rows: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    vectors[rows // 2 :] = vectors[0]
    np.save(tmp_path / "few.npy", vectors)
    found = [row for row in nsg.run(nsg.Params(dataset=str(tmp_path / "few.npy")), 0) if isinstance(row, nsg.Row)]
    assert {row.recall_at_10 for row in found if row.method == "NSG" and row.part == "search"} == {1.0}


def test_stages_report_progress_up_to_their_total() -> None:
    params = nsg.Params(n=300, n_queries=10, search_list_sizes=(10,), threads=1)
    events = [event for event in nsg.run(params, 0) if isinstance(event, Progress)]
    assert {"nearest neighbors", "candidates and pruning", "reverse edges", "repair"} <= {
        event.stage for event in events
    }
    assert all(0 <= event.done <= event.total for event in events)


def test_bundled_digits_need_no_download() -> None:
    params = nsg.Params(dataset="digits", n=300, n_queries=20, search_list_sizes=(10,), threads=1)
    rows = [event for event in nsg.run(params, 1) if isinstance(event, nsg.Row)]
    assert rows[0].dataset == "digits"
    assert rows[0].recall_at_10 > 0.8
