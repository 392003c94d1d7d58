"""How much every detection of a group overlaps every object of it: by boxes, masks or keypoints.

A group is what may match: the detections and objects of one class on one image, or of one image. The overlaps of all
groups lie in one array (n,), group by group, each (detections, objects) row by row. The operations and their order are
COCO's, to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from experiments.detect.core.compiled import compiled
from experiments.detect.core.ground_truth import Detections, Flags, Floats, GroundTruth, Ints
from experiments.detect.core.rules import IouType
from experiments.detect.core.shapes.keypoints import object_keypoint_similarity
from experiments.detect.core.shapes.runs import mask_overlap


@dataclass(frozen=True)
class Groups:
    """Detections and objects by group, as indices."""

    members: Ints
    """(n,) detections; those of group g are members[starts[g]:starts[g + 1]]."""
    starts: Ints
    objects: Ints
    """(m,), with ``object_starts`` in the same way."""
    object_starts: Ints


def overlaps_of(
    ground_truth: GroundTruth, detections: Detections, groups: Groups, iou_type: IouType, sigmas: tuple[float, ...]
) -> Floats:
    """Overlaps (n,) in [0, 1] of all groups; with a crowd the share of the detection inside.

    Raises:
        ValueError: masks or keypoints are missing, or not as many points as sigmas.
    """
    where = groups.members, groups.starts, groups.objects, groups.object_starts
    if iou_type == "bbox":
        return _box_overlaps(detections.boxes_xywh, ground_truth.boxes_xywh, ground_truth.crowd, *where)
    if iou_type == "segm":
        found, masks = detections.masks, ground_truth.masks
        if found is None or masks is None:
            raise ValueError("expected masks of the objects and of the detections, got none")
        return _mask_overlaps(
            found.runs, found.starts, found.areas, masks.runs, masks.starts, masks.areas, ground_truth.crowd, *where
        )
    return _keypoint_overlaps(ground_truth, detections, groups, sigmas)


def _keypoint_overlaps(
    ground_truth: GroundTruth, detections: Detections, groups: Groups, sigmas: tuple[float, ...]
) -> Floats:
    found, points = detections.keypoints, ground_truth.keypoints
    if found is None or points is None or not found.shape[1] == points.shape[1] == len(sigmas):
        shapes = [None if one is None else one.shape for one in (found, points)]
        raise ValueError(f"expected keypoints (n, {len(sigmas)}, 3), as many as sigmas, got {shapes[0]}, {shapes[1]}")
    parts = [np.zeros(0)]
    for g in np.flatnonzero((np.diff(groups.starts) > 0) & (np.diff(groups.object_starts) > 0)):
        members = groups.members[groups.starts[g] : groups.starts[g + 1]]
        near = groups.objects[groups.object_starts[g] : groups.object_starts[g + 1]]
        boxes, areas = ground_truth.boxes_xywh[near], ground_truth.areas[near]
        parts.append(object_keypoint_similarity(found[members], points[near], boxes, areas, sigmas).ravel())
    return np.concatenate(parts)


@compiled
def _box_overlaps(
    boxes: Floats, others: Floats, crowd: Flags, members: Ints, starts: Ints, objects: Ints, object_starts: Ints
) -> Floats:
    overlaps, at = np.empty(np.sum(np.diff(starts) * np.diff(object_starts))), 0
    for group in range(len(starts) - 1):
        for i in members[starts[group] : starts[group + 1]]:
            for j in objects[object_starts[group] : object_starts[group + 1]]:
                right = min(boxes[i, 0] + boxes[i, 2], others[j, 0] + others[j, 2])
                bottom = min(boxes[i, 1] + boxes[i, 3], others[j, 1] + others[j, 3])
                width, height = right - max(boxes[i, 0], others[j, 0]), bottom - max(boxes[i, 1], others[j, 1])
                overlaps[at] = 0.0
                if width > 0 and height > 0:
                    shared, own = width * height, boxes[i, 2] * boxes[i, 3]
                    overlaps[at] = shared / (own if crowd[j] else own + others[j, 2] * others[j, 3] - shared)
                at += 1
    return overlaps


@compiled
def _mask_overlaps(
    runs: NDArray[np.uint32],
    run_starts: Ints,
    areas: Floats,
    other_runs: NDArray[np.uint32],
    other_starts: Ints,
    other_areas: Floats,
    crowd: Flags,
    members: Ints,
    starts: Ints,
    objects: Ints,
    object_starts: Ints,
) -> Floats:
    overlaps, at = np.empty(np.sum(np.diff(starts) * np.diff(object_starts))), 0
    for group in range(len(starts) - 1):
        for i in members[starts[group] : starts[group + 1]]:
            own = runs[run_starts[i] : run_starts[i + 1]]
            for j in objects[object_starts[group] : object_starts[group + 1]]:
                other = other_runs[other_starts[j] : other_starts[j + 1]]
                overlaps[at] = mask_overlap(own, areas[i], other, other_areas[j], crowd[j])
                at += 1
    return overlaps
