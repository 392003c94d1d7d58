"""How a column's name becomes a header and its numbers become text.

The unit is the end of the name (``build_seconds``, ``index_bytes``, ``queries_per_second``, ``zeros_percent``), so
formats need no declaration. A column has one unit for all its cells where its numbers lie within four decades, else
every cell has its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

TIME_UNITS = ((60.0, "min"), (1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
SIZE_UNITS = ((2.0**30, "GiB"), (2.0**20, "MiB"), (2.0**10, "KiB"), (1.0, "B"))
MAX_DECADES = 4
"""Widest range, in powers of ten, that one unit is asked to show."""

SPELLINGS = (
    "NSG RNG MRNG kNN NN CNN RNN LSTM PCA LR ID IoU GIoU mAP AP SGD GPU CPU MSE RMSE MAE L1 L2 FLOPs ef MLP ReLU "
    "LoRA MSNET EWMA QPS HNSW MACs AP50 AP75 VOC COCO PSNR AUROC NLL"
)
ACRONYMS = {word.lower(): word for word in SPELLINGS.split()} | {"std": "SD"}

STEPS = ("epoch", "step", "iteration")
"""Columns that count progress: of such rows a summary shows the last, of others the mean."""

Scalar = float | int | str | bool | None


def words(name: str) -> str:
    """The name in words, without its unit.

    >>> words("recall_at_10"), words("build_seconds"), words("queries_per_second"), words("latency_p50_us")
    ('Recall at 10', 'Build time', 'Queries/s', 'Latency p50 (µs)')
    """
    stem = re.sub(r"_per_second$", "/s", name)
    stem = re.sub(r"(^|_)seconds$", r"\1time", stem)
    stem = re.sub(r"(^|_)bytes$", r"\1size", stem)
    stem = re.sub(r"_us$", "_(µs)", re.sub(r"_percent$", "", stem))
    parts = [
        re.sub(r"^\w+", lambda word: ACRONYMS.get(word.group(), word.group()), part) for part in stem.split("_") if part
    ]
    text = " ".join(parts)
    return text[:1].upper() + text[1:] if parts and parts[0].islower() and parts[0] not in ACRONYMS.values() else text


def better(name: str) -> Literal["higher", "lower"] | None:
    """Which way the column improves, by the naming rule; None where the name does not say."""
    if re.search(r"(_score|accuracy|_per_second)$|(^|_)recall", name):
        return "higher"
    if re.search(r"(^|_)(error|loss|seconds|bytes)$|distance_computations$", name):
        return "lower"
    return None


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of one column are written.

    ``scale`` divides the number first; ``decimals`` None means four significant digits; ``units`` are chosen by number.
    """

    unit: str = ""
    scale: float = 1.0
    decimals: int | None = None
    units: tuple[tuple[float, str], ...] = ()

    def __call__(self, value: float) -> str:
        if math.isnan(value):
            return "–"
        if math.isinf(value):
            return "∞" if value > 0 else "−∞"
        if self.units:
            scale, unit = unit_for(abs(value), self.units)
            return f"{significant(value / scale)} {unit}"
        if self.decimals is None:
            return significant(value / self.scale)
        return f"{value / self.scale:,.{self.decimals}f}"


def number_format(name: str, values: Sequence[float]) -> NumberFormat:
    """The format of column ``name`` for these numbers (means over seeds, NaN allowed)."""
    finite = [abs(value) for value in values if math.isfinite(value)]
    if re.search(r"(^|_)seconds$", name):
        return _with_unit(finite, TIME_UNITS)
    if re.search(r"(^|_)bytes$", name):
        return _with_unit(finite, SIZE_UNITS)
    if name.endswith("_percent"):
        return NumberFormat(unit="%", decimals=1 if _is_readable(finite, 1) else _shared_decimals(finite))
    if name.endswith("_per_second") and max(finite, default=0.0) >= 100:
        return NumberFormat(decimals=0 if _is_readable(finite, 0) else None)
    if all(value == int(value) for value in finite) and max(finite, default=0.0) < 1e15:
        return NumberFormat(decimals=0)
    if re.search(r"recall|accuracy|precision", name) and max(finite, default=0.0) <= 1 and _is_readable(finite, 4):
        return NumberFormat(decimals=4)
    return NumberFormat(decimals=_shared_decimals(finite))


def one_value(name: str, value: Scalar) -> str:
    """One cell on its own, such as a setting or the value of a streaming row.

    >>> one_value("build_seconds", 0.0123), one_value("n", 100000), one_value("fused", True), one_value("lr", 3e-4)
    ('12.3 ms', '100,000', 'yes', '0.0003')
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not re.search(r"(^|_)(bytes|seconds)$", name):
        return f"{value:,}"
    style = number_format(name, [value])
    text = style(value)
    return f"{text} {style.unit}" if style.unit and math.isfinite(value) else _without_zeros(text)


def significant(value: float, digits: int = 4) -> str:
    """Four significant digits, thousands separated, powers of ten only where zeros would fill the cell.

    >>> significant(1234567.0), significant(0.00012345), significant(1.5e-9), significant(0.0)
    ('1,234,567', '0.0001234', '1.5e-09', '0')
    """
    size = abs(value)
    if size and (size < 1e-4 or size >= 1e9):
        return f"{value:.3g}"
    if size >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def unit_for(size: float, units: Sequence[tuple[float, str]]) -> tuple[float, str]:
    """The largest unit of which ``size`` holds one (two of a minute), else the smallest; zero has the unit one."""
    if size == 0:
        return next(pair for pair in units if pair[0] == 1.0)
    fitting = (pair for pair in units if size >= pair[0] * (2 if pair[1] == "min" else 0.9995))
    return next(fitting, units[-1])


def _with_unit(finite: Sequence[float], units: tuple[tuple[float, str], ...]) -> NumberFormat:
    positive = sorted(value for value in finite if value)
    if positive and positive[-1] / positive[0] > 10**MAX_DECADES:
        return NumberFormat(units=units)
    scale, unit = unit_for(positive[len(positive) // 2] if positive else 0.0, units)
    scaled = [value / scale for value in positive]
    decimals = 0 if all(value == int(value) for value in scaled) else _shared_decimals(scaled, digits=3)
    return NumberFormat(unit=unit, scale=scale, decimals=decimals)


def _shared_decimals(finite: Sequence[float], digits: int = 4) -> int | None:
    """Decimals that show ``digits`` figures of the median and two of the smallest number; None where none do."""
    positive = sorted(value for value in finite if value)
    if not positive:
        return 0
    if positive[-1] / positive[0] > 10**MAX_DECADES or positive[-1] >= 1e9 or positive[-1] < 1e-4:
        return None
    median, smallest = positive[len(positive) // 2], positive[0]
    return max(0, digits - 1 - math.floor(math.log10(median)), 1 - math.floor(math.log10(smallest)))


def _is_readable(finite: Sequence[float], decimals: int) -> bool:
    """Whether no number but zero itself is rounded below two figures."""
    return all(value == 0 or value >= 10.0 ** (1 - decimals) for value in finite)


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text
