"""Round numbers for the axes of a terminal plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

Scale = Literal["linear", "log"]
HUGE = 1e14
"""From where on a power of ten is easier to read than a prefix."""
PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def ticks(values: Sequence[float], scale: Scale, count: int) -> list[float]:
    """About ``count`` round numbers within the range of ``values``, whole ones where all values are whole.

    On a log scale powers of ten, or 1-3 or 1-2-5 in every decade where those are few.
    """
    low, high = min(values), max(values)
    if scale == "linear":
        return _linear(low, high, count, whole=all(value == int(value) for value in values))
    for mantissas in ((1.0,), (1.0, 3.0), (1.0, 2.0, 5.0)):
        marks = _decades(low, high, mantissas)
        if len(marks) >= min(3, count):
            return marks[:: math.ceil(len(marks) / count)]
    return [mark for mark in _linear(low, high, count, whole=False) if mark > 0]


def tick_labels(values: Sequence[float]) -> list[str]:
    """The values as short as they can be told apart.

    >>> tick_labels([0.85, 0.9, 0.95]), tick_labels([1000.0, 10000.0, 1e13]), tick_labels([1e-6, 1e-3, 1.0])
    (['0.85', '0.90', '0.95'], ['1k', '10k', '10T'], ['1e-06', '0.001', '1'])
    """
    if values and max(map(abs, values)) < 1000 and len(set(_steps(values))) <= 1:
        decimals = max((_decimals(value) for value in values), default=0)
        return [f"{value:.{decimals}f}" for value in values]
    return [_short(value) for value in values]


def _linear(low: float, high: float, count: int, *, whole: bool) -> list[float]:
    if high <= low:
        return [low]
    rough = (high - low) / max(1, count - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    steps = (factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.8)
    step = next(step for step in (*steps, 1.0) if not whole or step == int(step))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def _decades(low: float, high: float, mantissas: Sequence[float]) -> list[float]:
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = (mantissa * 10.0**exponent for exponent in exponents for mantissa in mantissas)
    return [value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]


def _steps(values: Sequence[float]) -> list[float]:
    return [round(after - before, 12) for before, after in pairwise(values)]


def _decimals(value: float) -> int:
    text = f"{value:.10f}".rstrip("0")
    return len(text) - text.index(".") - 1


def _short(value: float) -> str:
    if abs(value) >= HUGE:
        return f"{value:.0e}".replace("e+", "e")
    for size, prefix in PREFIXES:
        if abs(value) >= size:
            return f"{_three_digits(value / size)}{prefix}"
    return _three_digits(value)


def _three_digits(value: float) -> str:
    """No power of ten where a prefix ends.

    >>> _three_digits(9999.6), _three_digits(12.345), _three_digits(1e-6)
    ('10,000', '12.3', '1e-06')
    """
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"
