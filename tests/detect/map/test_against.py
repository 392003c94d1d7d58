"""Which of two detectors is better on the same images."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.detect.core.detectors.scenes import SceneRates, random_scene
from experiments.detect.core.pycocotools import instances_document, results_document
from experiments.detect.map import against
from experiments.detect.map.setup import Params, prepare
from experiments.lab.errors import InputError


@pytest.fixture
def files(tmp_path: Path) -> dict[str, str]:
    """The same objects, and detections close to them, farther and alike but for chance."""
    rng = np.random.default_rng(0)
    truth, _ = random_scene(rng, SceneRates(images=30))
    found = {"truth": str(tmp_path / "truth.json")}
    for name, jitter in (("close", 0.02), ("far", 0.2), ("alike", 0.02)):
        _, detections = random_scene(np.random.default_rng(0), SceneRates(images=30, jitter=jitter))
        if name == "alike":
            scores = detections.scores + 0.001 * rng.integers(2, size=len(detections.scores))
            detections = type(detections)(**{**vars(detections), "scores": scores})
        found[name] = str(tmp_path / f"{name}.json")
        Path(found[name]).write_text(json.dumps(results_document(detections)))
        Path(found["truth"]).write_text(json.dumps(instances_document(truth, detections)))
    return found


def rows_of(files: dict[str, str], first: str, second: str) -> list[against.AgainstRow]:
    own: dict[str, Any] = {"annotations": files["truth"], "detections": files[first], "against": files[second]}
    return list(against.run(prepare(Params(trials=1, **own), 0)))


@pytest.mark.parametrize(
    ("first", "second", "verdict", "words"),
    [
        ("close", "far", "holds", "points: they are better."),
        ("far", "close", "refuted", "points: they are worse."),
        ("close", "alike", "inconclusive", "points: these images do not decide."),
    ],
)
def test_the_interval_says_which_is_better(
    files: dict[str, str], first: str, second: str, verdict: str, words: str
) -> None:
    rows = rows_of(files, first, second)
    assert [row.metric for row in rows] == ["AP", "AP50", "AP75"]
    assert rows[0].verdict == verdict
    assert rows[0].low <= rows[0].difference <= rows[0].high
    assert against.sentence(rows).endswith(words)


def test_nothing_is_compared_where_no_second_detector_is_given(files: dict[str, str]) -> None:
    own = prepare(Params(annotations=files["truth"], detections=files["close"], trials=1), 0)
    assert list(against.run(own)) == []
    assert against.sentence([]) == ""


def test_a_second_detector_without_a_first_is_refused() -> None:
    with pytest.raises(InputError, match="against: expected annotations and detections too"):
        prepare(Params(against="b.json"), 0)


def test_masks_in_voc_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="iou_type=segm: VOC's files have boxes alone"):
        prepare(Params(annotations=str(tmp_path), detections=str(tmp_path), format="voc", iou_type="segm"), 0)
