"""Indexes on disk: equal after loading, mapped, and refused when they are not what they claim to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.index import NSG
from experiments.ann.core.nsg.storage import PREFIX, VERSION, read_arrays, write_arrays


def points(n: int, *, integer: bool = False) -> np.ndarray:
    rng = np.random.default_rng(n)
    return (
        rng.integers(0, 200, (n, 20)).astype(np.float32) if integer else rng.standard_normal((n, 20)).astype(np.float32)
    )


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("metric", ["l2", "cosine", "ip"])
def test_saved_indexes_search_like_those_that_were_built(tmp_path: Path, metric: str, integer: bool) -> None:
    index = NSG.build(points(300, integer=integer), knn=20, metric=metric)
    coded, queries = CodedNSG.of(index), points(40, integer=integer)
    index.save(tmp_path / "plain")
    coded.save(tmp_path / "coded")
    plain, short = NSG.load(tmp_path / "plain"), CodedNSG.load(tmp_path / "coded")
    pairs: list[tuple[NSG | CodedNSG, NSG | CodedNSG]] = [(index, plain), (coded, short)]
    for before, after in pairs:
        for expected, found in zip(before.search(queries, 5, 30), after.search(queries, 5, 30), strict=True):
            np.testing.assert_array_equal(found, expected)
    assert plain.settings == index.settings


def test_codes_saved_with_vnni_are_searched_without_it(tmp_path: Path) -> None:
    data = points(400)
    coded = CodedNSG.of(NSG.build(data[:350], knn=20))
    coded.save(tmp_path / "index")
    portable = CodedNSG.load(tmp_path / "index", portable=True)
    np.testing.assert_array_equal(portable.search(data[350:], 5, 20)[0], coded.search(data[350:], 5, 20)[0])


def test_writing_to_loaded_arrays_leaves_the_file_alone(tmp_path: Path) -> None:
    write_arrays(tmp_path / "file", "test", {}, {"a": np.arange(5)})
    read_arrays(tmp_path / "file", "test")[1]["a"][:] = 0
    assert read_arrays(tmp_path / "file", "test")[1]["a"].tolist() == [0, 1, 2, 3, 4]


def test_empty_arrays_and_details_come_back(tmp_path: Path) -> None:
    write_arrays(tmp_path / "file", "test", {"name": "x", "size": 3}, {"none": np.empty((0, 4), np.float32)})
    details, arrays = read_arrays(tmp_path / "file", "test")
    assert details == {"name": "x", "size": 3}
    assert arrays["none"].shape == (0, 4)
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda raw: b"something else" + raw, "expected an index of mlnotes, got a file of another kind"),
        (lambda raw: raw[:10], "expected an index of mlnotes, got a file of another kind"),
        (lambda raw: raw[:8] + b"\x63\0\0\0" + raw[12:], f"expected format version {VERSION}, got 99"),
        (lambda raw: raw[:30] + b"?" + raw[31:], "the header is damaged"),
        (lambda raw: raw[: PREFIX.size + 5], "the header is damaged"),
        (lambda raw: raw[:4100], "array a is cut short"),
        (lambda raw: raw[:4096] + b"\x07" + raw[4097:], "array a is damaged"),
    ],
)
def test_files_that_are_not_whole_are_refused(tmp_path: Path, damage: object, message: str) -> None:
    path = tmp_path / "file"
    write_arrays(path, "test", {}, {"a": np.arange(50)})
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ValueError, match=message):
        read_arrays(path, "test")


def test_another_kind_of_index_is_refused(tmp_path: Path) -> None:
    NSG.build(points(20)).save(tmp_path / "index")
    with pytest.raises(ValueError, match="expected CodedNSG, got NSG"):
        CodedNSG.load(tmp_path / "index")
