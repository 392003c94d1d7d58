"""Shards in processes of Ray that change: the answers of a scan, and nothing acknowledged is lost with a worker."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from experiments.ann.core.exact.exact import exact_neighbors
from experiments.ann.core.nsg.sharded_live_ray import LiveWorker, RayLiveNSG, shard_of


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray = pytest.importorskip("ray", reason="needs the extra `ray`: pip install '.[ray]'")
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=200 * 2**20)
    yield
    ray.shutdown()


def gauss(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 16)).astype(np.float32)


def test_a_call_that_is_repeated_after_a_crash_changes_nothing_more(tmp_path: Path) -> None:
    base, names = gauss(300), np.arange(300)
    worker = LiveWorker(tmp_path / "live-0", 1)
    (tmp_path / "live-0").mkdir()
    (tmp_path / "live-0" / "index-000001.nsg").touch()  # it died while it built
    for _ in range(2):
        worker.build(base[:200], names[:200], {})
    for _ in range(2):  # as the one that built, and as the one that was started again
        worker.add(base[150:], names[150:])
        worker.delete(names[:100])
        assert worker.count() == 200
        worker.live.close()
        worker = LiveWorker(tmp_path / "live-0", 1)
    ids, distances = worker.search(base, 1, 300, None)
    np.testing.assert_array_equal(ids[100:, 0], names[100:])
    assert (distances[100:] == 0).all()
    assert worker.known(np.array([0, 299])).tolist() == [False, True]
    worker.live.close()


@pytest.mark.parametrize("ids", [np.arange(3000), -7 * np.arange(3000), np.arange(3000) << 40])
def test_ids_of_any_step_spread_over_shards(ids: np.ndarray) -> None:
    sizes = np.bincount(shard_of(ids, 6), minlength=6)
    assert 350 < sizes.min() <= sizes.max() < 650


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
@pytest.mark.usefixtures("cluster")
def test_adds_deletes_filters_and_opening_again(tmp_path: Path) -> None:
    base, queries, names = gauss(1200), gauss(40, seed=1), 10**12 + 7 * np.arange(1200)
    with RayLiveNSG.build(base[:900], tmp_path / "shards", shards=2, ids=names[:900]) as index:
        index.add(base[900:], names[900:])
        index.delete(names[:300])
        assert len(index) == 900
        expected = names[300:][exact_neighbors(base[300:], queries, 10)[0]]
        np.testing.assert_array_equal(index.search(queries, 10, 1200)[0], expected)
        allowed = names[:600]
        few = names[300:600][exact_neighbors(base[300:600], queries, 10)[0]]
        np.testing.assert_array_equal(index.search(queries, 10, 1200, allowed=allowed)[0], few)
        with pytest.raises(ValueError, match=f"{names[400]} is in the index already; delete it first"):
            index.add(base[400:402], names[400:402])
        with pytest.raises(KeyError, match=f"{names[5]} is not in the index"):
            index.delete(names[5:6])
    with RayLiveNSG.open(tmp_path / "shards") as again:
        np.testing.assert_array_equal(again.search(queries, 10, 1200)[0], expected)
    with pytest.raises(FileExistsError, match="holds shards already"):
        RayLiveNSG.build(base, tmp_path / "shards", shards=2)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.usefixtures("cluster")
def test_a_worker_killed_while_it_adds_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    base, more = gauss(400), gauss(2000, seed=1)
    with RayLiveNSG.build(base, tmp_path / "shards", shards=2) as index:
        pids = [int(ray.get(worker.pid.remote())) for (worker,) in index.replicas]
        acknowledged: list[int] = []
        killed = threading.Event()

        def add() -> None:
            for start in range(0, 2000, 20):
                ids = 1000 + np.arange(start, start + 20)
                index.add(more[start : start + 20], ids)
                acknowledged.extend(ids.tolist())

        adding = threading.Thread(target=add)
        adding.start()
        while len(acknowledged) < 400:
            killed.wait(0.002)
        os.kill(pids[0], signal.SIGKILL)
        assert adding.is_alive(), "it was killed too late to show anything"
        adding.join()
        assert ray.get(index.replicas[0][0].pid.remote()) != pids[0]
        assert len(acknowledged) == 2000
        assert len(index) == 2400
        found, distances = index.search(more, 1, 2400)
    np.testing.assert_array_equal(found[:, 0], 1000 + np.arange(2000))
    assert (distances == 0).all()
