"""The rules of an evaluation: what overlaps, at which thresholds, areas and limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from experiments.detect.core.shapes.keypoints import SIGMAS
from experiments.detect.core.shapes.masks import Floats

IouType = Literal["bbox", "segm", "keypoints"]
"""COCO's names for what overlaps."""
LARGEST_AREA = 1e10
AREAS = {
    "all": (0.0, LARGEST_AREA),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, LARGEST_AREA),
}


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What overlaps, and at which thresholds, areas and limits to evaluate; by default COCO's, for boxes."""

    iou: tuple[float, ...] = tuple(np.linspace(0.5, 0.95, 10).tolist())
    """Thresholds at which a detection is a match."""
    area_ranges: dict[str, tuple[float, float]] = field(default_factory=AREAS.copy)
    """Name -> smallest and largest area in square pixels, both included."""
    max_dets: tuple[int, ...] = (1, 10, 100)
    """Detections per image and class that take part, the best-scored ones; rising."""
    iou_type: IouType = "bbox"
    sigmas: tuple[float, ...] = SIGMAS
    """Of keypoints; by default of COCO's 17 points of a person."""

    @classmethod
    def of(cls, iou_type: IouType, sigmas: tuple[float, ...] = SIGMAS) -> Rules:
        """COCO's rules for boxes, for masks (segm) and for keypoints, of which small persons have none."""
        if iou_type != "keypoints":
            return cls(iou_type=iou_type)
        areas = {name: bounds for name, bounds in AREAS.items() if name != "small"}
        return cls(iou_type=iou_type, sigmas=sigmas, area_ranges=areas, max_dets=(20,))

    @property
    def bounds(self) -> Floats:
        """(ranges, 2)"""
        return np.array(list(self.area_ranges.values()), dtype=np.float64).reshape(-1, 2)
