"""Masks and keypoints of COCO's files: pycocotools' numbers to the last bit, and one line per fault."""

from __future__ import annotations

import contextlib
import copy
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.detect.annotations import evaluate_coco
from experiments.detect.core.rules import IouType
from experiments.detect.core.shapes.keypoints import SIGMAS
from experiments.lab.errors import InputError

HEIGHT, WIDTH, POINTS = 120, 160, 17
Entries = list[dict[str, Any]]


def polygon(rng: np.random.Generator) -> list[float]:
    center, angles = rng.uniform(20, 100, 2), np.sort(rng.uniform(0, 2 * np.pi, 8))
    points = center + rng.uniform(5, 40, (8, 1)) * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    return [float(value) for value in points.round(2).ravel()]


def moved(coordinates: list[float], rng: np.random.Generator) -> list[float]:
    return (np.array(coordinates) + rng.normal(0, 2, len(coordinates))).round(2).tolist()


def made_set(rng: np.random.Generator, kind: IouType) -> tuple[dict[str, Any], Entries]:
    """Polygons and crowds as uncompressed counts, or persons of whom some points or all are not labelled."""
    annotations: Entries = []
    results: Entries = []
    found: Entries
    for number in range(60):
        where = {"image_id": int(rng.integers(12)), "category_id": int(rng.integers(1, 4))}
        entry = {"id": number + 1, **where, "area": float(rng.uniform(200, 12000)), "iscrowd": int(rng.random() < 0.15)}
        box = {"bbox": [float(value) for value in rng.uniform(10, 60, 4).round(1)]}
        if kind == "segm":
            outline = polygon(rng)
            counts = [int(rng.integers(2000)), 3000, HEIGHT * WIDTH - 6000, 1000, 2000]
            counts[-1] += HEIGHT * WIDTH - sum(counts)
            crowd = {"size": [HEIGHT, WIDTH], "counts": counts}
            annotations.append({**entry, **box, "segmentation": crowd if entry["iscrowd"] else [outline, polygon(rng)]})
            found = [{"segmentation": [moved(outline, rng)]} for _ in range(rng.integers(4))]
        else:
            points = np.concatenate([rng.uniform(0, 120, (POINTS, 2)).round(), rng.integers(0, 3, (POINTS, 1))], axis=1)
            points[:, 2] *= rng.random() > 0.2
            labelled, row = int((points[:, 2] > 0).sum()), points.astype(int).ravel()
            annotations.append({**entry, **box, "keypoints": row.tolist(), "num_keypoints": labelled})
            noise = rng.choice([1, 4, 9])
            found = [{"keypoints": (row + rng.normal(0, noise, 51)).tolist()} for _ in range(rng.integers(4))]
        results += [{**where, **one, "score": float(rng.uniform().__round__(1))} for one in found]
    images = [{"id": k, "height": HEIGHT, "width": WIDTH} for k in range(12)]
    categories = [{"id": k, "name": f"class {k}"} for k in range(1, 4)]
    return {"info": {}, "images": images, "annotations": annotations, "categories": categories}, results


def evaluated(folder: Path, truth: Any, results: Any, kind: IouType) -> dict[str, float]:
    (folder / "truth.json").write_text(json.dumps(truth))
    (folder / "results.json").write_text(json.dumps(results))
    return evaluate_coco(folder / "truth.json", folder / "results.json", kind)


def theirs(truth: dict[str, Any], results: Entries, kind: IouType) -> list[float]:
    from pycocotools import mask
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    results = copy.deepcopy(results)
    if kind == "segm" and "bbox" not in results[0]:  # its loadRes takes nothing but compressed counts
        for one in results:
            one["segmentation"] = mask.merge(mask.frPyObjects(one["segmentation"], HEIGHT, WIDTH))
    with contextlib.redirect_stdout(io.StringIO()):
        annotations = COCO()
        annotations.dataset = copy.deepcopy(truth)
        annotations.createIndex()
        evaluator = COCOeval(annotations, annotations.loadRes(results), kind)
        evaluator.evaluate()
        evaluator.accumulate()
        evaluator.summarize()
    return [float("nan") if value == -1 else float(value) for value in evaluator.stats]


@pytest.mark.parametrize("boxes", [False, True])
@pytest.mark.parametrize("kind", ["segm", "keypoints"])
@pytest.mark.parametrize("seed", range(3))
def test_numbers_are_pycocotools_bit_for_bit(tmp_path: Path, kind: IouType, seed: int, boxes: bool) -> None:
    pytest.importorskip("pycocotools", reason="pycocotools is not installed")
    truth, results = made_set(np.random.default_rng(seed), kind)
    if boxes:
        results = [{**one, "bbox": [1.0, 1.0, 30.0 + number % 90, 40.0]} for number, one in enumerate(results)]
    found = evaluated(tmp_path, truth, results, kind)
    np.testing.assert_array_equal([*found.values()], theirs(truth, results, kind))
    assert 0.01 < found["AP"] < 0.99
    assert len(found) == (10 if kind == "keypoints" else 12)


def faults(folder: Path, kind: IouType, *, image: dict[str, int] | None = None, **field: Any) -> str:
    """What is said of one result with this field."""
    truth, results = made_set(np.random.default_rng(0), kind)
    truth["images"] = [{**one, **(image or {})} for one in truth["images"]]
    with pytest.raises(InputError) as raised:
        evaluated(folder, truth, [{**results[0], **field}], kind)
    return str(raised.value.problems[0]).removeprefix(f"{folder}/")


@pytest.mark.parametrize(
    ("segmentation", "said"),
    [
        ([[1, 1, 9, 1, 9]], "has the polygon [1, 1, 9, 1, 9], expected x and y of at least 3 points."),
        ([[1, 1, 9, 1]], "has the polygon [1, 1, 9, 1], expected x and y of at least 3 points."),
        ([[1, 1, 9, 1, 9, None]], "has the polygon [1, 1, 9, 1, 9, None], expected finite numbers."),
        ([[1, 1, 9e9, 1, 9, 9]], "has a point farther from its image, 160 x 120, than the image is large."),
        ([], "is [], expected polygons or run lengths."),
        (None, "is None, expected polygons or run lengths."),
        ({"size": [9, 9], "counts": [81]}, "has the size [9, 9], its image [120, 160]."),
        ({"size": [120, 160], "counts": [5, 5]}, "has counts [5, 5] that add to 10, its image has 19200 pixels."),
        ({"size": [120, 160], "counts": [-1, 2]}, "has counts [-1, 2] that add to 1, its image has 19200 pixels."),
        ({"size": [120, 160], "counts": "5~"}, "has the counts '5~', which are no compressed run lengths."),
        ({"size": [120, 160], "counts": "\ud800"}, "has the counts '\\ud800', which are no compressed run lengths."),
        ({"size": [120, 160], "counts": [0.5]}, "has the counts [0.5], expected text or a list of whole numbers."),
        ({"size": [120, 160]}, "has the counts None, expected text or a list of whole numbers."),
    ],
)  # fmt: skip
def test_a_segmentation_that_is_no_mask_is_named(tmp_path: Path, segmentation: Any, said: str) -> None:
    assert faults(tmp_path, "segm", segmentation=segmentation) == f"results.json: results[0]: segmentation {said}"


def test_a_size_that_an_image_claims_takes_no_memory(tmp_path: Path) -> None:
    said = faults(tmp_path, "segm", image={"width": 10**12, "height": 10**12})
    assert said.startswith("truth.json: annotations[0]: segmentation needs an image of 1 to 65536 pixels a side")


@pytest.mark.parametrize("points", [[1, 2], [1, 2, "2"] * 17, None, [float("nan")] * 51])
def test_keypoints_of_another_length_or_kind_are_named(tmp_path: Path, points: Any) -> None:
    said = faults(tmp_path, "keypoints", keypoints=points)
    assert said.startswith("results.json: results[0]: keypoints are ")
    assert said.endswith(", expected 17 times x, y, visibility in finite numbers.")


def test_sigmas_are_pycocotools_to_the_last_bit() -> None:
    cocoeval = pytest.importorskip("pycocotools.cocoeval", reason="pycocotools is not installed")
    np.testing.assert_array_equal(SIGMAS, cocoeval.Params("keypoints").kpt_oks_sigmas)
