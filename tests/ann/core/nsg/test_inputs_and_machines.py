"""What vectors may be, and what the machine may lack: types of numbers, torch, and the instructions of AVX-512."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG

REPOSITORY = Path(__file__).parents[4]

SEARCH = """
import sys
{before}
import numpy as np
from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.simd.machine import has_vnni

points = np.random.default_rng(0).standard_normal((700, 24)).astype(np.float32)
index = NSG.build(points[:600], by_codes=True, neighbors="auto", threads=1)
found = [form.search(points[600:], 10, 40, threads=1) for form in (index, CodedNSG.of(index, threads=1))]
assert "torch" not in sys.modules
print(has_vnni(), *(part.astype(np.float64).sum().round(3) for pair in found for part in pair))
"""
WITHOUT_TORCH = """
class Refusal:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("torch")

sys.meta_path.insert(0, Refusal())
"""


def output_of(program: str, **environment: str) -> list[str]:
    """What a program prints in a process of its own, in words."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.uint8])
@pytest.mark.parametrize("metric", ["l2", "cosine", "ip"])
def test_results_do_not_depend_on_the_type_that_holds_the_numbers(kind: type, metric: str) -> None:
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 256, (440, 20)).astype(np.float32)  # numbers that every one of the types holds
    base, queries = whole[:400].astype(kind), whole[400:].astype(kind)
    index, expected = NSG.build(base, metric=metric), NSG.build(whole[:400], metric=metric)
    np.testing.assert_array_equal(index.graph, expected.graph)
    for form, reference in ((index, expected), (CodedNSG.of(index), CodedNSG.of(expected))):
        for found, wanted in zip(form.search(queries, 5, 30), reference.search(whole[400:], 5, 30), strict=True):
            np.testing.assert_array_equal(found, wanted)


def test_one_query_is_answered_as_in_a_batch() -> None:
    points = np.random.default_rng(1).standard_normal((350, 12)).astype(np.float32)
    index = NSG.build(points[:300])
    for form in (index, CodedNSG.of(index)):
        batch = form.search(points[300:], 4, 20)
        single = [form.search(row[None], 4, 20) for row in points[300:]]
        np.testing.assert_array_equal(np.vstack([ids for ids, _ in single]), batch[0])
        np.testing.assert_array_equal(np.vstack([distances for _, distances in single]), batch[1])


def test_searching_changes_nothing_of_an_index() -> None:
    points = np.random.default_rng(2).standard_normal((350, 12)).astype(np.float32)
    index = NSG.build(points[:300])
    coded = CodedNSG.of(index)
    before = [part.copy() for part in (index.graph, index.base, coded.lists, coded.short.codes, coded.vectors)]
    for form in (index, coded):
        form.search(points, 10, 50, allowed=np.arange(300) % 2 == 0)
    for kept, part in zip(
        before, (index.graph, index.base, coded.lists, coded.short.codes, coded.vectors), strict=True
    ):
        np.testing.assert_array_equal(kept, part)


def test_torch_is_not_needed_nor_imported() -> None:
    assert output_of(SEARCH.format(before=WITHOUT_TORCH)) == output_of(SEARCH.format(before=""))


@pytest.mark.slow  # everything is compiled again
def test_a_processor_without_avx_512_gets_the_same_results(tmp_path: Path) -> None:
    """Numba compiles for a plain x86-64 or the like, so no instruction beyond it is used."""
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    here, there = output_of(SEARCH.format(before="")), output_of(SEARCH.format(before=""), **plain)
    assert there[0] == "False"
    assert there[1:] == here[1:]


@pytest.mark.slow  # everything is compiled again
def test_the_code_for_vnni_is_right_on_any_processor(tmp_path: Path) -> None:
    """See ``plain_vnni``: nothing is skipped for want of VNNI, and nothing fails."""
    names = ("codes", "simd/test_pool_vector.py", "nsg/construction/test_coded_neighbors.py", "nsg/test_coded_index.py")
    tests = [
        str(REPOSITORY / "tests/ann/core" / name) for name in (*names, "nsg/construction/test_grouped_neighbors.py")
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "tests.ann.core.simd.plain_vnni", "-p", "no:xdist", *tests],
        env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "has no VNNI" not in done.stdout
