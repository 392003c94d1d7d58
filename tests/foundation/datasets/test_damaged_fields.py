"""Every reader of named fields, fed with one of another kind: a right value or a line that names its place."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.adapt.lora.given import read_pairs
from experiments.foundation.datasets.formats import coco, series, voc
from experiments.lab.errors import InputError
from tests.foundation.datasets.small_files import (
    INSTANCES,
    PAIRS,
    RESULTS,
    SERIES,
    SHAPES,
    TRUTH,
    VOC,
    masks_in,
    points_in,
)

QUICK = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
WRONG = st.sampled_from(
    [None, "text", "", -1, 10**30, 1e308, float("nan"), float("inf"), True, [], [1], {}, 2**64, 0.5]
)


@QUICK
@given(data=st.data())
def test_a_field_of_coco_of_any_other_kind_is_told_with_its_place(tmp_path: Path, data: st.DataObject) -> None:
    document = copy.deepcopy(INSTANCES)
    part = data.draw(st.sampled_from(sorted(document)))
    number = data.draw(st.integers(0, 1))
    entry = document[part][number]
    key = data.draw(st.sampled_from(sorted(entry)))
    entry[key] = data.draw(WRONG)
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    try:
        found = coco.load_instances(path)
    except InputError as error:
        lines = error.problems
    else:  # it was of the right kind after all
        assert np.isfinite(found.areas).all()
        assert np.isfinite(found.boxes_xywh).all()
        return
    assert any(f"{part}[" in line or f"{part}: id" in line or "annotations[" in line for line in lines)


@QUICK
@given(data=st.data())
def test_a_field_of_results_of_any_other_kind_is_told_with_its_place(tmp_path: Path, data: st.DataObject) -> None:
    (tmp_path / "truth.json").write_bytes(TRUTH)
    truth, results = coco.load_instances(tmp_path / "truth.json"), copy.deepcopy(RESULTS)
    key, value = data.draw(st.sampled_from(sorted(results[0]))), data.draw(WRONG)
    results[0][key] = value
    (tmp_path / "x.json").write_text(json.dumps(results))
    try:
        found = coco.load_detections(tmp_path / "x.json", truth)
    except InputError as error:
        assert f"results[0]: {key}" in str(error)  # noqa: PT017  # either may come
    else:
        assert np.isfinite(found.scores).all()
        assert key == "score"


@QUICK
@given(data=st.data())
@pytest.mark.parametrize(("key", "read"), [("segmentation", masks_in), ("keypoints", points_in)])
def test_a_mask_or_points_of_any_other_kind_are_told_with_their_place(
    key: str, read: Callable[[Path], object], tmp_path: Path, data: st.DataObject
) -> None:
    document, value = copy.deepcopy(SHAPES), data.draw(WRONG)
    number, run_lengths = data.draw(st.integers(0, 1)), {"size": [8, 9], "counts": [10, 5, 57]}
    entry = document["annotations"][number]
    made = [value, [value] * 6, [[value] * 6], {**run_lengths, "size": value}, {**run_lengths, "counts": value}]
    entry[key] = data.draw(st.sampled_from([*made, {**run_lengths, "counts": [value, 5, 57]}, {"size": [8, 9]}]))
    if data.draw(st.booleans()):
        del entry[key]
    path = tmp_path / "x.json"
    path.write_text(json.dumps(document))
    try:
        read(path)
    except InputError as error:
        assert f"annotations[{number}]: {key}" in str(error) or "NaN" in str(error)  # noqa: PT017  # either may come
    else:
        assert value in (0.5, -1)


@QUICK
@given(data=st.data())
def test_a_field_of_demonstrations_of_any_other_kind_is_told_with_its_line(tmp_path: Path, data: st.DataObject) -> None:
    lines, value, key = PAIRS.splitlines(), data.draw(WRONG), data.draw(st.sampled_from(["prompt", "answer"]))
    entry = {"prompt": "say", "answer": "it", key: value}
    if data.draw(st.booleans()):
        del entry[key]
    lines[4] = data.draw(st.sampled_from([json.dumps(entry), json.dumps(value), "[" * 10**5]))
    path = tmp_path / "x.jsonl"
    path.write_text("\n".join(lines))
    try:
        assert (
            ("say", "text") in read_pairs(path) or ("text", "it") in read_pairs(path) or ("", "it") in read_pairs(path)
        )
    except InputError as error:
        assert f"{path}, line 5: expected" in str(error)  # noqa: PT017


@pytest.mark.parametrize("part", ["images", "categories", "annotations"])
def test_a_field_that_stands_twice_is_told(tmp_path: Path, part: str) -> None:
    text = json.dumps(INSTANCES)
    first = text.index('"id"', text.index(f'"{part}"'))
    (tmp_path / "x.json").write_text(f'{text[:first]}"id": 1, {text[first:]}')
    with pytest.raises(InputError, match=r"x\.json: the key 'id' stands twice in one object\."):
        coco.load_instances(tmp_path / "x.json")


@QUICK
@given(data=st.data())
def test_a_cell_of_a_series_of_any_other_kind_is_told_with_its_line(tmp_path: Path, data: st.DataObject) -> None:
    lines = SERIES.splitlines()
    number = data.draw(st.integers(1, 9))
    words = st.sampled_from(
        ["", "text", "1_0", "١", "0x1", "1e400", "nan", "inf", "1,5", "2024-01-01", "1e99", '"', "--1"]
    )
    t, y = lines[number].split(",")
    word = data.draw(words)
    lines[number] = data.draw(st.sampled_from([f"{word},{y}", f"{t},{word}", f"{t},{y},{word}", t]))
    path = tmp_path / "x.csv"
    path.write_text("\n".join(lines) + "\n")
    try:
        found = series.load_series(path)
    except InputError as error:
        assert str(error).startswith(str(path))  # noqa: PT017
    else:
        assert (word, lines[number]) == ("1e99", f"{t},1e99")
        assert found.y[number - 1] == 1e99


TAGS = ["width", "height", "name", "difficult", "xmin", "ymin", "xmax", "ymax"]


@QUICK
@given(data=st.data())
def test_a_field_of_voc_of_any_other_kind_is_told_with_its_name(tmp_path: Path, data: st.DataObject) -> None:
    tag = data.draw(st.sampled_from(TAGS))
    before, _, rest = VOC.partition(f"<{tag}>")
    value, _, after = rest.partition(f"</{tag}>")
    word = data.draw(st.sampled_from(["", "text", "nan", "1e400", "1_0", "-1", "true", "0.5"]))
    made = data.draw(st.sampled_from([f"<{tag}>{word}</{tag}>", "", f"<{tag}>{value}</{tag}" * 2 + ">"]))
    path = tmp_path / "x.xml"
    path.write_text(before + made + after)
    try:
        (image,) = voc.load_voc(path)
    except InputError as error:
        assert str(error).startswith(str(path))  # noqa: PT017
    else:
        assert np.isfinite(image.boxes).all()
        assert tag in ("name", "width", "height") or word in ("-1", "0.5") or made == ""
