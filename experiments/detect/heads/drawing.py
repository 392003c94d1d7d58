"""Four test pictures side by side, with the objects and the boxes of a detector."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from experiments.lab.experiment import Drawing

if TYPE_CHECKING:
    from experiments.detect.core.detectors.heads import GridDetector, SetDetector
    from experiments.detect.core.detectors.pictures import Pictures

SHOWN, PER_ROW, GAP = 4, 2, 1.1
Points = tuple[tuple[float, float], ...]


def draw_scenes(
    arm: str, network: GridDetector | SetDetector, test: Pictures, floor: float, nms_iou: float | None
) -> Drawing:
    """Objects as areas, boxes with a score above ``floor`` as outlines, each marked right or wrong at IoU 0.5."""
    from experiments.detect.core.detectors.detecting import detect, evaluate, suppress
    from experiments.detect.core.matching import RIGHT
    from experiments.detect.core.shapes.boxes import corners

    shown = test[:SHOWN]
    found = detect(network, shown, floor=floor)
    found = found if nms_iou is None else suppress(found, nms_iou)
    truth = shown.ground_truth(max(int(shown.labels.max()), int(found.classes.max(initial=0))) + 1)
    outcomes = evaluate(shown, found, truth.n_classes).outcomes[0]
    size = shown.images.shape[-1]
    objects, boxes = (
        [outline(image, box / size) for image, box in zip(some.images, corners(some.boxes_xywh), strict=True)]
        for some in (truth, found)
    )
    right, frames = outcomes == RIGHT, [outline(image, (0, 0, 1, 1)) for image in range(len(shown))]
    order = np.argsort(~right, kind="stable")  # right ones first, so that their mark is the same in every drawing
    return Drawing(
        name=f"scenes_{arm}",
        title=f"{arm}: {int(right.sum())} of {len(boxes)} boxes are right on {len(shown)} test pictures with "
        f"{len(objects)} objects",
        points=tuple(point for box in (*boxes, *frames) for point in box),
        edges=tuple((4 * i + side, 4 * i + (side + 1) % 4) for i in range(len(boxes)) for side in range(4)),
        cells=(*frames, *objects),
        dots=False,
        marks=tuple(("right at IoU 0.5" if right[i] else "wrong", *boxes[i][0]) for i in order),
    )


def outline(image: int, box: object) -> Points:
    """The corners of a box in shares of its picture, at the place of the picture in the drawing; y points up."""
    across, down = GAP * (image % PER_ROW), GAP * (image // PER_ROW)
    x1, y1, x2, y2 = (float(side) for side in box)  # type: ignore[attr-defined]
    left, right, top, low = x1 + across, x2 + across, -(y1 + down), -(y2 + down)
    return (left, top), (right, top), (right, low), (left, low)
