"""One number and what it belongs to: what the surveys and laws of this package return."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan


@dataclass(frozen=True, kw_only=True)
class Observation:
    """A metric of one part of a survey, or one instance of a law."""

    part: str
    metric: str
    value: float
    """The metric: a share, in [0, 1]."""
    category: str = "all"
    iou: float = nan
    """IoU at which a detection counts as a match."""
    recall: float = nan
    precision: float = nan
    count: float = nan
    """Objects or detections behind the value."""
    error: float = nan
    """By how much a law is broken, or the largest difference to pycocotools."""
    control_error: float = nan
    """By how much something breaks it that must."""
    witness: str = ""
    """The instance in words."""
