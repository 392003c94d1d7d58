"""Shards in processes of Ray: the same answers, and nothing lost when a worker is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.ann.core.exact.exact import distances_of, exact_neighbors, recall_by_distance
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.sharded_ray import RayNSG
from experiments.ann.core.nsg.sharding import ShardedNSG

ray = pytest.importorskip("ray", reason="needs the extra `ray`: pip install '.[ray]'")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # Ray's own


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, object_store_memory=200 * 2**20)
    yield
    ray.shutdown()


def gauss(n: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, 16)).astype(np.float32)


def process_of(worker: Any) -> int:
    return int(ray.get(worker.pid.remote()))


def test_two_workers_answer_like_two_shards_here_and_like_the_whole_within_a_hundredth(tmp_path: Path) -> None:
    base, queries = gauss(4000), gauss(300, seed=1)
    truth = exact_neighbors(base, queries, 10)[1]

    def recall(ids: np.ndarray) -> float:
        return float(recall_by_distance(distances_of(base, queries, ids), truth, 10).mean())

    with RayNSG.build(base, tmp_path / "shards", shards=2) as index:
        ids, distances = index.search(queries, 10, 40)
    here = ShardedNSG.build(base, shards=2).search(queries, 10, 40)
    np.testing.assert_array_equal(ids, here[0])
    np.testing.assert_array_equal(distances, here[1])
    assert recall(ids) >= recall(NSG.build(base).search(queries, 10, 40)[0]) - 0.01


def test_a_worker_killed_while_it_builds_builds_again(tmp_path: Path) -> None:
    base, queries = gauss(20_000), gauss(10, seed=1)
    np.save(tmp_path / "base.npy", base)
    with RayNSG.start(tmp_path / "base.npy", tmp_path / "shards", shards=2) as index:
        pid, _ = (process_of(workers[0]) for workers in index.replicas)
        building = threading.Thread(target=index.build_shards)
        building.start()
        time.sleep(0.3)
        os.kill(pid, signal.SIGKILL)
        assert not (tmp_path / "shards" / "shard-00000").exists(), "it was killed too late to show anything"
        building.join()
        assert process_of(index.replicas[0][0]) != pid
        found = index.search(queries, 10, 20_000)
    np.testing.assert_array_equal(found[0], exact_neighbors(base, queries, 10)[0])


def test_a_worker_killed_while_it_searches_answers_after_all(tmp_path: Path) -> None:
    base, queries = gauss(30_000), gauss(50_000, seed=1)  # more numbers in a shard than fit an argument of Ray's
    with RayNSG.build(base, tmp_path / "shards", shards=2) as index:
        expected = index.search(queries, 10, 100)
        pid = process_of(index.replicas[1][0])
        found: list[tuple[np.ndarray, np.ndarray]] = []
        searching = threading.Thread(target=lambda: found.append(index.search(queries, 10, 100)))
        searching.start()
        time.sleep(0.3)
        assert searching.is_alive(), "the search was over too soon to show anything"
        os.kill(pid, signal.SIGKILL)
        searching.join()
        assert process_of(index.replicas[1][0]) != pid
    np.testing.assert_array_equal(found[0][0], expected[0])
    np.testing.assert_array_equal(found[0][1], expected[1])


def test_replicas_answer_for_one_that_is_gone_for_good(tmp_path: Path) -> None:
    base, queries = gauss(1500), gauss(100, seed=1)
    with RayNSG.build(base, tmp_path / "shards", shards=2, replicas=2) as index:
        expected = index.search(queries, 10, 40)
        ray.kill(index.replicas[0][0])
        found = index.search(queries, 10, 40)
        np.testing.assert_array_equal(found[0], expected[0])
        ray.kill(index.replicas[0][1])
        with pytest.raises(RuntimeError, match="shard 0: all 2 workers are gone; open the folder again"):
            index.search(queries, 10, 40)
    with RayNSG.open(tmp_path / "shards") as again:
        np.testing.assert_array_equal(again.search(queries, 10, 40)[0], expected[0])


def test_a_folder_in_use_and_a_missing_shard_are_told(tmp_path: Path) -> None:
    with RayNSG.build(gauss(50), tmp_path / "shards", shards=2):
        pass
    with pytest.raises(FileExistsError, match="holds an index in shards already; open it, or give another folder"):
        RayNSG.build(gauss(50), tmp_path / "shards", shards=2)
    (tmp_path / "shards" / "shard-00001").unlink()
    with pytest.raises(FileNotFoundError, match="shard-00001: no such file; build the index again"):
        RayNSG.open(tmp_path / "shards")
