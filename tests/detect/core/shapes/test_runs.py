"""Masks are pycocotools', pixel by pixel: counts, compressed text, polygons wherever they lie, and their overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from experiments.detect.core.shapes.masks import Masks, Runs
from experiments.detect.core.shapes.runs import (
    counts_of_text,
    mask_overlap,
    runs_of_bitmap,
    runs_of_counts,
    runs_of_polygons,
)

mask = pytest.importorskip("pycocotools.mask", reason="pycocotools is not installed")
HEIGHT, WIDTH = 37, 53


def bitmap_of(runs: Runs) -> NDArray[np.bool_]:
    pixels = np.zeros(HEIGHT * WIDTH, bool)
    for first, end in runs:
        pixels[first:end] = True
    return pixels.reshape(WIDTH, HEIGHT).T


def random_bitmap(rng: np.random.Generator) -> NDArray[np.bool_]:
    blocks = rng.random((HEIGHT // 4 + 1, WIDTH // 4 + 1)) < rng.choice([0.0, 0.2, 0.6, 1.0])
    return np.kron(blocks, np.ones((4, 4), bool))[:HEIGHT, :WIDTH] & (rng.random((HEIGHT, WIDTH)) < 0.97)


def encoded(bitmap: NDArray[np.bool_]) -> dict[str, Any]:
    return dict(mask.encode(np.asfortranarray(bitmap.astype(np.uint8))))


def test_compressed_text_spells_the_pixels() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        bitmap = random_bitmap(rng)
        counts, spelled = counts_of_text(np.frombuffer(encoded(bitmap)["counts"], np.uint8))
        assert spelled
        assert counts.sum() == HEIGHT * WIDTH
        assert (bitmap_of(runs_of_counts(counts)) == bitmap).all()
        assert (bitmap_of(runs_of_bitmap(bitmap)) == bitmap).all()


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # pycocotools' own
@pytest.mark.parametrize("reach", [0, 0.4])
def test_polygons_cover_pycocotools_pixels_also_beyond_the_border(reach: float) -> None:
    rng, sides = np.random.default_rng(1), np.array([WIDTH, HEIGHT])
    for trial in range(200):
        polygons = [
            np.round(rng.uniform(-reach, 1 + reach, (rng.integers(3, 9), 2)) * sides, trial % 3)
            for _ in range(trial % 3 + 1)
        ]
        polygons[0] = np.concatenate([polygons[0], polygons[0][:1], polygons[0][:1]])  # closed, and a point twice
        theirs = mask.decode(mask.merge(mask.frPyObjects([one.ravel().tolist() for one in polygons], HEIGHT, WIDTH)))
        assert (bitmap_of(runs_of_polygons(polygons, HEIGHT, WIDTH)) == theirs.astype(bool)).all()


def test_overlaps_boxes_and_areas_are_pycocotools_bit_for_bit() -> None:
    rng = np.random.default_rng(2)
    bitmaps = [random_bitmap(rng) for _ in range(20)]
    ours, theirs = Masks.of([runs_of_bitmap(one) for one in bitmaps], [HEIGHT] * 20), [*map(encoded, bitmaps)]
    crowd = rng.random(20) < 0.3
    found = np.array(
        [
            [mask_overlap(*of(ours, i), *of(ours, j), crowd[j]) for j in range(20)]
            for i in range(20)
        ]
    )  # fmt: skip
    assert (found == mask.iou(theirs, theirs, crowd.tolist())).all()
    assert (ours.areas == mask.area(theirs)).all()
    assert (ours.boxes_xywh == mask.toBbox(theirs)).all()


def of(masks: Masks, i: int) -> tuple[NDArray[np.uint32], float]:
    return masks.runs[masks.starts[i] : masks.starts[i + 1]], float(masks.areas[i])


@pytest.mark.parametrize("text", [b"5~", b"P", b"PPPPPPPPPPPPPPPP0", b"\xff"])
def test_text_that_spells_no_counts_is_known(text: bytes) -> None:
    assert not counts_of_text(np.frombuffer(text, np.uint8))[1]
