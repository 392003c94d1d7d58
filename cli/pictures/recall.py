"""The axis of a recall: what is missed, 1 - recall, on a log scale, since the last two percent are what is bought."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

MARKS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999)
APART = 0.09
"""Least distance of two marks, as a share of the axis."""
WORTH_IT = 0.95
"""Recall from which on a linear axis hides what matters."""


def is_recall(column: str, values: Sequence[float]) -> bool:
    """Whether a column is a recall at k that comes near to 1."""
    return column.startswith("recall_at") and WORTH_IT <= max(values) <= 1 and min(values) >= 0


def least_missed(values: Sequence[float]) -> float:
    """What is added to what is missed, so that 1 has a place: a third of the least that is missed elsewhere.

    >>> least_missed([0.9, 0.997, 1.0])
    0.001
    """
    return max(1e-4, round(min((1 - value for value in values if value < 1), default=0.3) / 3, 12))


def set_recall_scale(axes: Any, axis: str, values: Sequence[float]) -> None:
    """Give an axis ("x" or "y") the scale and its marks; a recall of 1 stands at the end."""
    import numpy as np

    least = least_missed(values)

    def forward(recall: np.ndarray) -> np.ndarray:
        return -np.log10(np.maximum(1 - recall + least, 1e-9))

    def inverse(place: np.ndarray) -> np.ndarray:
        return 1 + least - 10.0 ** -np.asarray(place)

    getattr(axes, f"set_{axis}scale")("function", functions=(forward, inverse))
    low, high = (float(forward(np.asarray(value))) for value in (min(values), max(values)))
    marks: list[float] = []
    for mark in reversed([mark for mark in MARKS if min(values) <= mark < 1 - 2 * least] or [min(values)]):
        if not marks or float(forward(np.asarray(marks[0])) - forward(np.asarray(mark))) >= APART * (high - low):
            marks.insert(0, mark)
    margin = 0.05 * (high - low) or 0.1
    getattr(axes, f"set_{axis}lim")(*(float(inverse(np.asarray(end))) for end in (low - margin, high + margin)))
    getattr(axes, f"{axis}axis").set_ticks([*marks, 1.0], [*(f"{mark:.4g}" for mark in marks), "1"])
