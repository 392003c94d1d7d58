"""A time series from a csv file with the columns ``t`` and ``y``, such as a shop's revenue by month."""

from __future__ import annotations

import csv
import datetime
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.files import unreadable
from experiments.lab.errors import InputError

MOST_PROBLEMS = 5


@dataclass(frozen=True, kw_only=True)
class Series:
    """Equally spaced observations y at the times t, both (n,)."""

    name: str
    t: NDArray[np.float64]
    """Numbers as given; dates count in months where all share one day of the month, else in days."""
    y: NDArray[np.float64]
    description: str


def load_series(path: Path, *, min_points: int = 8) -> Series:
    """Read and check a series.

    ``t`` holds numbers or ISO dates, rising in equal steps; ``y`` numbers. Raises InputError with one line per fault:
    missing columns, text or nothing where a number belongs, times out of order, gaps, fewer than ``min_points`` points.
    """
    rows = _rows(path)
    faults: list[str] = []
    y = np.array([_number(f"{path}, line {line}: y", text, faults) for line, _, text in rows])
    times = [_time(f"{path}, line {line}: t", text, faults) for line, text, _ in rows]
    if len(rows) < min_points:
        faults.append(f"{path}: {len(rows)} points, expected at least {min_points}.")
    if not faults:
        t = _axis(path, times)
        faults.extend(_gaps(path, t, [line for line, _, _ in rows]))
    if faults:
        raise InputError(*faults[:MOST_PROBLEMS])
    span = f"{len(y)} points from {rows[0][1]} to {rows[-1][1]}"
    return Series(name=path.stem, t=t, y=y, description=f"{path.name}: {span}")


def _rows(path: Path) -> list[tuple[int, str, str]]:
    """(line number, t, y) as text."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            if reader.fieldnames is None or not {"t", "y"} <= set(reader.fieldnames):
                found = ",".join(reader.fieldnames or ()) or "nothing"
                raise InputError(f"{path}: expected the columns t,y in the first line, found {found}.")
            return [(reader.line_num, (row["t"] or "").strip(), (row["y"] or "").strip()) for row in reader]
    except OSError as error:
        raise unreadable(path, error) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a csv file ({error}).") from error


def _number(where: str, text: str, faults: list[str]) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        faults.append(f"{where} is {text!r}, expected a number." if text else f"{where} is missing.")
    return value


def _time(where: str, text: str, faults: list[str]) -> float | datetime.date:
    try:
        return datetime.date.fromisoformat(f"{text}-01" if len(text) == 7 and text[4] == "-" else text)
    except ValueError:
        return _number(where, text, faults)


def _axis(path: Path, times: list[float | datetime.date]) -> NDArray[np.float64]:
    dates = [time for time in times if isinstance(time, datetime.date)]
    if dates and len(dates) < len(times):
        raise InputError(f"{path}: t holds dates and numbers; expected one of the two.")
    if not dates:
        return np.array(times, dtype=np.float64)
    by_month = len({date.day for date in dates}) == 1 and len({(date.year, date.month) for date in dates}) == len(dates)
    counts = [date.year * 12 + date.month if by_month else date.toordinal() for date in dates]
    return np.array(counts, dtype=np.float64)


def _gaps(path: Path, t: NDArray[np.float64], lines: list[int]) -> list[str]:
    steps = np.diff(t)
    usual = float(np.median(steps))
    if (steps <= 0).any():
        return [f"{path}, line {lines[int(np.argmax(steps <= 0)) + 1]}: t does not rise."]
    uneven = np.flatnonzero(np.abs(steps - usual) > 1e-6 * usual)
    return [f"{path}, line {lines[i + 1]}: gap: t goes on by {steps[i]:g}, expected {usual:g}." for i in uneven]
