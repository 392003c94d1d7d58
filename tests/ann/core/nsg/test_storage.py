"""Indexes on disk: equal after loading, mapped, and refused when they are not what they claim to be."""

from __future__ import annotations

import copy
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

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
    read_arrays(tmp_path / "file", "test").arrays["a"][:] = 0
    assert read_arrays(tmp_path / "file", "test").arrays["a"].tolist() == [0, 1, 2, 3, 4]


def test_empty_arrays_and_details_come_back(tmp_path: Path) -> None:
    write_arrays(tmp_path / "file", "test", {"name": "x", "size": 3}, {"none": np.empty((0, 4), np.float32)})
    kept = read_arrays(tmp_path / "file", "test")
    assert kept.details == {"name": "x", "size": 3}
    assert kept.arrays["none"].shape == (0, 4)
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
    with pytest.raises(ValueError, match="expected CodedNSG, got 'NSG'"):
        CodedNSG.load(tmp_path / "index")


def put(array: str, index: Any, value: float) -> Callable[[Any, dict[str, Any]], Any]:
    return lambda _, arrays: arrays[array].__setitem__(index, value)


def instead(array: str, make: Callable[[np.ndarray], np.ndarray]) -> Callable[[Any, dict[str, Any]], Any]:
    return lambda _, arrays: arrays.update({array: np.ascontiguousarray(make(arrays[array]))})


def say(key: str, value: object, part: str | None = None) -> Callable[[Any, dict[str, Any]], Any]:
    return lambda details, _: (details[part] if part else details).update({key: value})


LARGE = (2**31 - 1, 300, -2, -(2**31))
BOTH = [
    *(say(key, value, "space") for key, value in [("dim", 0), ("dim", 1000), ("dim", "x"), ("metric", "x"), ("z", 1)]),
    say("radius", float("inf"), "space"),
    lambda details, _: details.pop("space"),
]
FORGED: list[tuple[type, Callable[[Any, dict[str, Any]], Any]]] = [
    *((NSG, forge) for forge in BOTH),
    *((CodedNSG, forge) for forge in BOTH),
    *((NSG, put("graph", (slice(None), 0), value)) for value in LARGE),
    *((NSG, put("spare", (slice(None), 0), value)) for value in LARGE),
    *((CodedNSG, put("lists", (slice(None), 0), value)) for value in LARGE),
    (CodedNSG, put("lists", (slice(None), 3), -1)),
    (CodedNSG, put("lists", -1, -1)),
    *((NSG, say("navigating_node", value)) for value in (300, -1, "x", 10**12, True, None)),
    *((NSG, put("base", 5, value)) for value in (np.nan, np.inf)),
    *((CodedNSG, put(name, 0, np.nan)) for name in ("vectors", "weights", "scale", "shift", "steps", "origins")),
    (CodedNSG, put("steps", slice(None), 0)),
    *((NSG, instead(name, lambda a: a[:10])) for name in ("base", "graph", "spare")),
    *((NSG, instead(name, lambda a: a[:, :0])) for name in ("base", "graph", "spare")),
    *((NSG, instead(name, np.ravel)) for name in ("base", "graph", "spare")),
    *((NSG, instead(name, lambda a: a.astype(np.float64))) for name in ("base", "graph", "spare")),
    (NSG, instead("base", lambda a: a[:, :16])),
    *((CodedNSG, instead(name, lambda a: a[:5])) for name in ("lists", "vectors", "codes", "weights", "steps")),
    *((CodedNSG, instead(name, lambda a: a[:, :8])) for name in ("vectors", "codes", "weights")),
    (CodedNSG, instead("lists", lambda a: a[:, :4])),
    (CodedNSG, instead("vectors", lambda a: a.astype(np.uint8))),
    *((CodedNSG, say("spread", value)) for value in (-1, float("nan"), 1e9, "x")),
    *((CodedNSG, say("refined", value)) for value in (-1, 61, "x")),
    *((NSG, lambda details, _, key=key: details.pop(key)) for key in ("report", "settings", "navigating_node")),
    (NSG, say("x", 1, "settings")),
    (NSG, say("max_degree", "x", "settings")),
    (NSG, say("knn_seconds", "x", "report")),
    *((NSG, lambda _, arrays, key=key: arrays.pop(key)) for key in ("graph", "base", "spare")),
]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> dict[type, Path]:
    folder = tmp_path_factory.mktemp("indexes")
    index = NSG.build(points(300), knn=20)
    index.save(folder / "NSG")
    CodedNSG.of(index).save(folder / "CodedNSG")
    return {NSG: folder / "NSG", CodedNSG: folder / "CodedNSG"}


@pytest.mark.parametrize(("kind", "forge"), FORGED)
def test_a_forged_index_with_right_checksums_is_refused_and_never_searched(
    tmp_path: Path, saved: dict[type, Path], kind: type, forge: Callable[[Any, dict[str, Any]], Any]
) -> None:
    kept = read_arrays(saved[kind], kind.__name__)
    details, arrays = copy.deepcopy(kept.details), {name: array.copy() for name, array in kept.arrays.items()}
    forge(details, arrays)
    write_arrays(tmp_path / "x", kind.__name__, details, arrays)
    with pytest.raises(ValueError, match=r"x: .*; build and save the index again"):
        kind.load(tmp_path / "x")  # type: ignore[attr-defined]


def with_header(path: Path, edit: Callable[[dict[str, Any]], Any] | bytes) -> None:
    """Give the file another header, with the right checksum and the arrays where it says."""
    raw = path.read_bytes()
    magic, version, length, _ = PREFIX.unpack(raw[: PREFIX.size])
    header = json.loads(raw[PREFIX.size : PREFIX.size + length])
    if not isinstance(edit, bytes):
        edit(header)
    new = edit if isinstance(edit, bytes) else json.dumps(header).encode().ljust(length)
    path.write_bytes(PREFIX.pack(magic, version, len(new), zlib.crc32(new)) + new + raw[PREFIX.size + len(new) :])


def entry(**values: object) -> Callable[[dict[str, Any]], Any]:
    return lambda header: header["arrays"][0].update(values)


@pytest.mark.parametrize(
    "edit",
    [
        *(entry(offset=value) for value in (-4096, "x", 1, 0.5)),
        *(entry(shape=value) for value in ([-5, -5], [2**40] * 2, [2**32] * 2, "x", [10**30, 1], 5, [2] * 70)),
        *(entry(dtype=value) for value in ([], "O", None)),
        entry(crc="x"),
        *((lambda header, key=key: header.pop(key)) for key in ("arrays", "kind", "details")),
        lambda header: header.update(kind="\x1b[31mX\nY"),
        *(b"{", b"[]", b"[" * 100_000, b"\xff\xfe"),
    ],
)
def test_a_forged_header_is_refused(tmp_path: Path, edit: Callable[[dict[str, Any]], Any] | bytes) -> None:
    write_arrays(tmp_path / "x", "test", {}, {"a": np.zeros((40, 3))})
    with_header(tmp_path / "x", edit)
    with pytest.raises(ValueError, match=r"x: ") as raised:
        read_arrays(tmp_path / "x", "test")
    assert str(raised.value).isprintable()


def test_an_index_is_not_written_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "x").symlink_to(tmp_path / "victim")
    write_arrays(tmp_path / "x", "test", {}, {"a": np.zeros(3)})
    assert (tmp_path / "victim").read_text() == "precious"
