"""ann.nsg with index=: built and kept once, searched without building, refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest

from experiments.ann.core.nsg.index import NSG
from experiments.ann.nsg import EXPERIMENT, search
from experiments.ann.nsg.search import SearchRow
from experiments.ann.nsg.setup import Params, prepare
from experiments.lab.errors import InputError
from experiments.lab.experiment import Artifact, Event, Progress
from experiments.lab.plan import Plan, Settings
from experiments.lab.runner import execute


def vectors(path: Path, n: int, d: int = 8, seed: int = 0) -> Path:
    np.save(path, np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32))
    return path


def events(seed: int = 0, **params: Any) -> list[Event]:
    setup = prepare(Params(search_list_sizes=(20, 600), threads=1, **params), seed)
    return list(search.run(setup))


def rows(found: list[Event]) -> list[SearchRow]:
    return [event for event in found if isinstance(event, SearchRow)]


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str, str]:
    base, queries = vectors(tmp_path / "vectors.npy", 600), vectors(tmp_path / "asked.npy", 40, seed=1)
    return str(base), str(queries), str(tmp_path / "kept")


def test_every_row_of_the_file_is_indexed_and_written(files: tuple[str, str, str]) -> None:
    base, _, kept = files
    found = rows(events(dataset=base, index=kept, n=100))
    assert {(row.method, row.n) for row in found} == {("NSG", 600), ("NSG, codes", 600)}
    np.testing.assert_array_equal(NSG.load(kept).base[:, :8], np.load(base))


def test_a_kept_index_is_searched_without_building(files: tuple[str, str, str]) -> None:
    base, queries, kept = files
    events(dataset=base, index=kept)
    written = Path(kept).stat().st_mtime_ns
    found = events(index=kept, queries=queries)
    assert not {e.stage for e in found if isinstance(e, Progress)} & {"nearest neighbors", "repair"}
    assert max(row.recall_at_k for row in rows(found)) >= 0.999
    assert Path(kept).stat().st_mtime_ns == written


@pytest.mark.parametrize("metric", ["l2", "cosine", "ip"])
def test_neighbors_of_all_queries_are_those_of_faiss(files: tuple[str, str, str], tmp_path: Path, metric: str) -> None:
    base, queries, kept = files
    events(dataset=base, index=kept, metric=metric)
    found = events(index=kept, queries=queries, n_queries=5)
    next(event for event in found if isinstance(event, Artifact)).write(tmp_path / "neighbors.npz.part")
    points, asked = np.load(base), np.load(queries)
    if metric == "cosine":
        points, asked = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in (points, asked))
    flat = faiss.IndexFlatL2(8) if metric == "l2" else faiss.IndexFlatIP(8)
    flat.add(points)
    np.testing.assert_array_equal(np.load(tmp_path / "neighbors.npz.part")["ids"], flat.search(asked, 10)[1])


def test_recall_counts_ties_by_distance(tmp_path: Path) -> None:
    np.save(tmp_path / "twins.npy", np.repeat(np.arange(60, dtype=np.float32), 10)[:, None])
    np.save(tmp_path / "asked.npy", np.arange(60, dtype=np.float32)[:, None])
    events(dataset=str(tmp_path / "twins.npy"), index=str(tmp_path / "kept"))
    found = rows(events(index=str(tmp_path / "kept"), queries=str(tmp_path / "asked.npy"), k=5))
    assert max(row.recall_at_k for row in found) >= 0.999


def test_every_seed_of_a_run_keeps_the_same_index(files: tuple[str, str, str]) -> None:
    base, _, kept = files
    events(dataset=base, index=kept, seed=0)
    content = Path(kept).read_bytes()
    assert rows(events(dataset=base, index=kept, seed=1))
    assert Path(kept).read_bytes() == content


def test_an_index_of_something_else_is_not_overwritten(files: tuple[str, str, str], tmp_path: Path) -> None:
    base, _, kept = files
    events(dataset=base, index=kept)
    content = Path(kept).read_bytes()
    other = str(vectors(tmp_path / "other.npy", 600, seed=2))
    for changes in ({"dataset": other}, {"dataset": base, "max_degree": 8}, {"dataset": base, "metric": "cosine"}):
        with pytest.raises(InputError, match="exists and holds another index; give queries=FILE to search it"):
            events(index=kept, **changes)
    assert Path(kept).read_bytes() == content


def test_what_cannot_be_searched_or_written_is_told_in_one_line(files: tuple[str, str, str], tmp_path: Path) -> None:
    base, queries, kept = files
    events(dataset=base, index=kept)
    wide = str(vectors(tmp_path / "wide.npy", 5, d=9))
    bad: list[tuple[str, dict[str, Any]]] = [
        ("index: no file /nowhere to search; build it with dataset=FILE", {"index": "/nowhere", "queries": queries}),
        ("index: expected a path in a folder that exists", {"index": "/no/folder/x", "dataset": base}),
        ("expected an index of mlnotes, got a file of another kind", {"index": base, "queries": queries}),
        ("expected an index of mlnotes, got a file of another kind", {"index": base, "dataset": base}),
        ("queries: wide.npy: expected 8 dimensions, as in the base, got 9", {"index": kept, "queries": wide}),
        ("queries: no file /nothing.npy", {"index": kept, "queries": "/nothing.npy"}),
        ("is built for l2, got cosine; build it again", {"index": kept, "queries": queries, "metric": "cosine"}),
        ("k: expected at most 600", {"index": kept, "queries": queries, "k": 601}),
    ]
    for message, params in bad:
        with pytest.raises(InputError, match=message) as caught:
            events(**params)
        assert len(caught.value.problems) == 1


def test_a_cut_off_index_is_told_in_one_line(files: tuple[str, str, str]) -> None:
    base, queries, kept = files
    events(dataset=base, index=kept)
    Path(kept).write_bytes(Path(kept).read_bytes()[:9000])
    with pytest.raises(InputError, match="cut short; build and save the index again"):
        events(index=kept, queries=queries)


def test_a_kept_index_is_measured_once_and_without_claims(files: tuple[str, str, str]) -> None:
    base, _, kept = files
    params = Params(dataset=base, index=kept, threads=1)
    plan = Plan(study="ann.nsg", name="ann.nsg", experiment=EXPERIMENT, params=params, settings=Settings(seeds=5))
    outcome = execute(plan)
    assert outcome is not None
    assert (outcome.findings, set(outcome.rows.by_part)) == ((), {"search"})
    assert {row.seed for row in outcome.rows} == {0}
    assert outcome.answer.startswith("For recall ")
