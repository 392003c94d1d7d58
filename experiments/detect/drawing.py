"""Pictures of boxes for the terminal and the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.lab.experiment import Drawing

if TYPE_CHECKING:
    from experiments.detect.core.evaluation import Detected, Truth


def draw_scene(truth: Truth, detected: Detected) -> Drawing:
    """Objects as cells and detections as marked edges, of the image with the most objects. y points up: it is negated
    rows."""
    import numpy as np

    from experiments.detect.core.boxes import corners

    images, counts = np.unique(truth.images, return_counts=True)
    image = images[counts.argmax()] if len(images) else -1
    objects = corners(truth.boxes_xywh[truth.images == image])
    found = detected.images == image
    boxes, scores = corners(detected.boxes_xywh[found]), detected.scores[found]
    points = tuple(point for box in boxes for point in outline(*map(float, box)))
    edges = tuple((4 * i + side, 4 * i + (side + 1) % 4) for i in range(len(boxes)) for side in range(4))
    return Drawing(
        name="scene",
        title=f"Image {image}: {len(objects)} objects (cells) and {len(boxes)} detections (edges, with scores)",
        points=points,
        edges=edges,
        cells=tuple(outline(*map(float, box)) for box in objects),
        marks=tuple((f"{score:.2f}", float(box[0]), -float(box[1])) for box, score in zip(boxes, scores, strict=True)),
    )


def outline(x1: float, y1: float, x2: float, y2: float) -> tuple[tuple[float, float], ...]:
    """The four corners, rows counted downwards."""
    return (x1, -y1), (x2, -y1), (x2, -y2), (x1, -y2)
