"""ann.nsg from its parameters to its rows: our NSG and the indexes beside it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from experiments.ann.nsg import search, steps
from experiments.ann.nsg.search import SearchRow
from experiments.ann.nsg.setup import Params, prepare
from experiments.lab.errors import InputError
from experiments.lab.experiment import Event, Note, Progress
from experiments.lab.sinks import Outcome


def events(seed: int = 0, **params: object) -> Iterator[Event]:
    return search.run(prepare(Params(threads=1, **params), seed))  # type: ignore[arg-type]


def test_every_method_has_a_row_for_every_list_size(outcome: Outcome) -> None:
    found = {(row.method, row.search_list_size) for row in outcome.rows.of(search.PART)}
    graphs = {(method, size) for method in ("NSG", "NSG, codes", "faiss NSG", "faiss HNSW") for size in (10, 40)}
    assert found == graphs | {("faiss Flat", 400)}


def test_flat_scan_is_exact_and_nothing_beats_it(outcome: Outcome) -> None:
    recalls = {row.method: row.recall_at_10 for row in outcome.rows.of(search.PART)}
    assert recalls["faiss Flat"] == max(recalls.values()) == 1.0


def test_numbers_are_finite_but_where_a_library_counts_none(outcome: Outcome) -> None:
    for row in outcome.rows.of(search.PART):
        assert row.queries_per_second > 0
        assert math.isnan(row.distance_computations) == (row.method == "faiss NSG")


def test_the_headline_has_the_shortest_list_that_suffices(outcome: Outcome) -> None:
    chosen = search.enough(outcome.rows.of(search.PART))
    assert len(chosen) == len({row.method for row in chosen})
    assert all(row.recall_at_k >= search.ENOUGH for row in chosen)
    assert "At recall 0.99, NSG answers" in outcome.answer


def test_more_neighbors_than_vectors_are_refused_before_the_first_event() -> None:
    with pytest.raises(InputError) as caught:
        prepare(Params(n=50, n_queries=5, k=60), 0)
    assert caught.value.problems == ("k: expected at most 50, the number of base vectors, got 60",)


@pytest.mark.parametrize("rows", [15, 60])
def test_files_smaller_than_every_list_and_full_of_duplicates_are_searched(tmp_path: Path, rows: int) -> None:
    vectors = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    vectors[rows // 2 :] = vectors[0]
    np.save(tmp_path / "few.npy", vectors)
    found = [row for row in events(dataset=str(tmp_path / "few.npy")) if isinstance(row, SearchRow)]
    assert {row.recall_at_10 for row in found if row.method == "NSG"} == {1.0}


def test_stages_report_progress_up_to_their_total() -> None:
    found = events(n=300, n_queries=10, search_list_sizes=(10,))
    progress = [event for event in found if isinstance(event, Progress)]
    assert {"nearest neighbors", "candidates and pruning", "reverse edges", "repair"} <= {
        event.stage for event in progress
    }
    assert all(0 <= event.done <= event.total for event in progress)


def test_what_is_not_installed_or_refused_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("experiments.ann.core.rivals.index.find_spec", lambda name: None if name == "svs" else name)
    found = list(events(n=60, n_queries=5, search_list_size=80, peers=("svs", "faiss_nsg"), search_list_sizes=(10,)))
    assert {row.method for row in found if isinstance(row, SearchRow)} == {"NSG", "NSG, codes"}
    notes = [event.text for event in found if isinstance(event, Note)]
    assert "svs is left out: svs is not installed, see the extra peers" in notes
    assert any(text.startswith("faiss_nsg is left out, its library refuses these vectors: 60") for text in notes)


def test_bundled_digits_need_no_download() -> None:
    found = events(1, dataset="digits", n=300, n_queries=20, search_list_sizes=(10,), peers=())
    first = next(row for row in found if isinstance(row, SearchRow))
    assert first.dataset == "digits"
    assert first.recall_at_10 > 0.8


def test_without_repair_it_says_so() -> None:
    found = events(n=100, n_queries=5, search_list_sizes=(10,), peers=(), repair=False)
    assert {row.method for row in found if isinstance(row, SearchRow)} == {"NSG, no repair", "NSG, no repair, codes"}


def test_steps_are_repaired_whatever_the_search_has() -> None:
    vectors = prepare(Params(n=100, n_queries=5, threads=1, repair=False), 0)
    found = [row for row in steps.run(vectors) if isinstance(row, steps.StepRow)]
    assert {row.unreachable for row in found if row.method != steps.NEITHER} == {0}
