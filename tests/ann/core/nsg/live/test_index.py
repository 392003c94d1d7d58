"""An index that changes while it is searched: its invariants after any changes, its answers beside faiss's scan."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import faiss
import numpy as np
import pytest

from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.live.index import LiveNSG


def scanned(base: Any, ids: Any, queries: Any, k: int) -> Any:
    flat = faiss.IndexIDMap(faiss.IndexFlatL2(base.shape[1]))
    flat.add_with_ids(base, ids)
    return flat.search(queries, k)


def check_invariants(index: LiveNSG, width: int) -> None:
    assert index.unreachable() == 0
    assert index.degrees.max() <= width


@pytest.mark.parametrize(("integer", "d"), [(False, 40), (True, 40), (False, 12)])
def test_after_any_changes_the_answers_are_those_of_a_scan(clustered: Any, integer: bool, d: int) -> None:
    data, rng = clustered(2100, d, integer=integer), np.random.default_rng(0)
    rows, queries = data[:2000], data[2000:]
    names = rng.integers(10**12, size=2000)
    index = LiveNSG.of(NSG.build(rows[:1000]), names[:1000])
    gone: list[int] = []
    for start in range(1000, 2000, 200):
        index.add(rows[start : start + 200], names[start : start + 200])
        dead = rng.choice(index.ids, 180, replace=False)
        index.delete(dead)
        gone += dead.tolist()
        check_invariants(index, 32)
        ids, distances = index.search(queries, 10, 300)
        assert not np.isin(ids, gone).any()
    live = ~np.isin(names, gone)
    squared, _ = scanned(rows[live], names[live], queries, 10)
    np.testing.assert_allclose(np.sort(distances, axis=1).mean(), squared.mean(), rtol=0.01)
    index.compact()
    check_invariants(index, 32)
    ids, distances = index.search(queries, 10, len(index))
    np.testing.assert_allclose(distances, squared, rtol=1e-3, atol=1e-3 * squared.max())
    assert np.isin(ids, names[live]).all()


def test_equal_vectors_are_all_kept_reachable() -> None:
    index = LiveNSG.of(NSG.build(np.zeros((40, 20), np.float32)))
    index.add(np.zeros((300, 20), np.float32))
    check_invariants(index, 32)
    index.delete(range(60))
    check_invariants(index, 32)
    assert sorted(index.search(np.zeros((1, 20), np.float32), 280, 280)[0][0].tolist()) == list(range(60, 340))


def test_only_allowed_ids_are_results(clustered: Any) -> None:
    data = clustered(600, 40)
    index = LiveNSG.of(NSG.build(data[:400]), np.arange(400) * 7)
    index.add(data[400:], np.arange(400, 600) * 7)
    allowed = np.arange(0, 600, 50) * 7
    ids, distances = index.search(data[:5], 3, 20, allowed=[*allowed, 10**15])
    squared, _ = scanned(data[allowed // 7], allowed, data[:5], 3)
    np.testing.assert_allclose(distances, squared, rtol=1e-4, atol=1e-3)
    assert np.isin(ids, allowed).all()


def test_searches_in_other_threads_see_whole_vectors_only(clustered: Any) -> None:
    data = clustered(3000, 40)
    index, done, faults = LiveNSG.of(NSG.build(data[:300])), threading.Event(), []

    def search() -> None:
        while not done.is_set():
            before = len(index)
            ids, distances = index.search(data[:50], 5, 30, threads=1)
            true = ((data[ids] - data[:50, None]) ** 2).sum(axis=2)
            if not np.allclose(distances, true, rtol=1e-3, atol=1e-2) or (before > 10 and (ids < 0).any()):
                faults.append((ids, distances))

    readers = [threading.Thread(target=search) for _ in range(2)]
    for reader in readers:
        reader.start()
    for start in range(300, 3000, 100):
        index.add(data[start : start + 100], range(start, start + 100))
        index.delete(range(start - 60, start - 30))
    done.set()
    for reader in readers:
        reader.join()
    assert not faults
    check_invariants(index, 32)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda index: index.add(np.zeros((1, 3))), "vectors: expected 20 dimensions, as in the base, got 3"),
        (lambda index: index.add(np.zeros((1, 20)), [3]), "ids: 3 is in the index already; delete it first"),
        (lambda index: index.add(np.zeros((2, 20)), [50, 50]), "ids: expected each once, got 50 twice"),
        (lambda index: index.add(np.zeros((1, 20)), [0.5]), "ids: expected 1 integers, got float64"),
        (lambda index: index.delete([1, 99]), "ids: 99 is not in the index"),
        (lambda index: index.delete([-1]), "ids: expected none below 0, got -1"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(change: Any, fault: str) -> None:
    index = LiveNSG.of(NSG.build(np.random.default_rng(0).standard_normal((30, 20))))
    with pytest.raises((ValueError, KeyError), match=fault):
        change(index)
    assert len(index) == 30
    assert index.search(np.zeros((1, 20)), 30, 30)[0].min() == 0


def test_a_folder_keeps_every_change(tmp_path: Path, clustered: Any) -> None:
    data = clustered(500, 40)
    index = LiveNSG.of(NSG.build(data[:300]))
    index.save(tmp_path / "kept")
    index.add(data[300:400], np.arange(1000, 1100))
    index.delete([5, 1007])
    before = index.search(data[400:], 5, 100)
    index.close()
    with (tmp_path / "kept" / "log-000001").open("ab") as log:
        log.write(b"+half a record")
    for _ in range(2):
        again = LiveNSG.open(tmp_path / "kept")
        assert set(again.ids.tolist()) == set(index.ids.tolist())
        np.testing.assert_array_equal(again.search(data[400:], 5, 100)[0], before[0])
        again.compact()
        again.close()
        before = again.search(data[400:], 5, 100)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == [
        "ids-000003.npy",
        "index-000003.nsg",
        "log-000003",
    ]


WRITER = """
import sys
import numpy as np
from experiments.ann.core.nsg.live.index import LiveNSG
index, rng, first = LiveNSG.open(sys.argv[1]), np.random.default_rng(0), int(sys.argv[2])
print("ready", flush=True)
for name in range(first, first + 10**6):
    index.add(rng.standard_normal((1, 8)), [name])
    if name % 5 == 0:
        index.delete([name])
    print(name, flush=True)
"""


def test_changes_of_nothing_leave_a_folder_that_opens(tmp_path: Path) -> None:
    base = np.random.default_rng(0).standard_normal((60, 20), dtype=np.float32)
    with_log = LiveNSG.of(NSG.build(base))
    with_log.save(tmp_path / "kept")
    with_log.add(base[:0])
    with_log.delete([])
    with_log.add(base[:1] + 1)
    with_log.close()
    again = LiveNSG.open(tmp_path / "kept")
    assert sorted(again.ids.tolist()) == list(range(61))
    again.close()


def kill_while_adding(folder: Path, first: int, seconds: float) -> list[int]:
    """Ids whose changes a writer has acknowledged before it is killed."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(first)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    timer = threading.Timer(seconds, lambda: os.kill(writer.pid, signal.SIGKILL))
    timer.start()
    lines = writer.stdout.read().splitlines(keepends=True)
    writer.wait()
    timer.join()
    writer.stdout.close()
    return [int(line) for line in lines if line.endswith("\n")]


@pytest.mark.slow
@pytest.mark.parametrize("times", [50])
def test_what_was_acknowledged_survives_a_kill_at_any_moment(tmp_path: Path, times: int) -> None:
    index = LiveNSG.of(NSG.build(np.random.default_rng(1).standard_normal((50, 8))))
    index.save(tmp_path / "kept")
    index.close()
    expected, first, chance = set(range(50)), 1000, random.Random(0)
    for _ in range(times):
        names = kill_while_adding(tmp_path / "kept", first, chance.uniform(0.0, 0.3))
        expected |= {name for name in names if name % 5}
        first += len(names) + 10
        index = LiveNSG.open(tmp_path / "kept")
        index.close()
        kept = set(index.ids.tolist())
        assert expected <= kept
        assert len(kept - expected) <= 1  # the change at which it was killed may be there too
        expected = kept
        check_invariants(index, 32)
