"""A time series from a csv file with the columns ``t`` and ``y``, such as a shop's revenue by month."""

from __future__ import annotations

import calendar
import csv
import datetime
import io
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.formats.fields import brief, decimal, refuse, shown
from experiments.foundation.datasets.formats.files import read_text
from experiments.lab.errors import InputError

DAY, EPOCH = datetime.timedelta(days=1), datetime.datetime(1970, 1, 1)
DATE = re.compile(r"\d{4}-\d\d", re.ASCII)
"""How a date begins; eight digits without a sign between them are a number."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """Equally spaced observations y at the times t, both (n,)."""

    name: str
    t: NDArray[np.float64]
    """Numbers as given; dates count in months where all share one day of the month or are its last, else in days."""
    y: NDArray[np.float64]
    description: str


def load_series(path: Path, *, min_points: int = 8) -> Series:
    """Read and check a series.

    ``t`` holds numbers or ISO dates, rising in equal steps; ``y`` numbers. Raises InputError with one line per fault:
    missing columns, more or fewer cells than the first line, text or nothing where a number belongs, times out of
    order, gaps, fewer than ``min_points`` points.
    """
    rows = _rows(path)
    faults: list[str] = []
    y = np.array([_number(f"line {line}: y", text, faults) for line, _, text in rows])
    times = [_time(f"line {line}: t", text, faults) for line, text, _ in rows]
    if len(rows) < min_points:
        faults.append(f"{len(rows)} points, expected at least {min_points}.")
    if not faults:
        t = _axis(path, times)
        faults.extend(_gaps(t, [line for line, _, _ in rows]))
    refuse(path, faults)
    span = f"{len(y)} points from {rows[0][1]} to {rows[-1][1]}"
    return Series(name=path.stem, t=t, y=y, description=f"{path.name}: {span}")


def _rows(path: Path) -> list[tuple[int, str, str]]:
    """(line number, t, y) as text."""
    try:
        with io.StringIO(read_text(path).removeprefix("\ufeff"), newline="") as file:
            reader = csv.reader(file, skipinitialspace=True, strict=True)
            names = [name.strip() for name in next(reader, ())]
            if names.count("t") != 1 or names.count("y") != 1:
                found = brief(",".join(names)) or "nothing"
                raise InputError(f"{path}: expected the columns t,y in the first line, found {found}.")
            return [(reader.line_num, *_cells(path, reader.line_num, names, row)) for row in reader if row]
    except csv.Error as error:
        raise InputError(f"{path}: not a csv file ({error}).") from error


def _cells(path: Path, line: int, names: list[str], row: list[str]) -> tuple[str, str]:
    if len(row) != len(names):
        hint = "; numbers have a decimal point, not a comma" if len(row) > len(names) else ""
        raise InputError(f"{path}: line {line}: {len(row)} cells, expected {len(names)} as in the first line{hint}.")
    return row[names.index("t")].strip(), row[names.index("y")].strip()


def _number(where: str, text: str, faults: list[str]) -> float:
    value = decimal(text)
    if math.isnan(value):
        faults.append(f"{where} is {shown(text)}, expected a number." if text else f"{where} is missing.")
    return value


def _time(where: str, text: str, faults: list[str]) -> float | datetime.datetime:
    if DATE.match(text):
        try:
            stamp = datetime.datetime.fromisoformat(f"{text}-01" if len(text) == 7 else text)
        except ValueError:
            stamp = None
        if stamp is None or stamp.tzinfo is not None:
            faults.append(f"{where} is {shown(text)}, expected a date such as 2024-02-29, without a time zone.")
            return math.nan
        return stamp
    return _number(where, text, faults)


def _axis(path: Path, times: list[float | datetime.datetime]) -> NDArray[np.float64]:
    dates = [time for time in times if isinstance(time, datetime.datetime)]
    if dates and len(dates) < len(times):
        raise InputError(f"{path}: t holds dates and numbers; expected one of the two.")
    if not dates:
        return np.array(times, dtype=np.float64)
    months = [date.year * 12 + date.month for date in dates]
    days = [(date - EPOCH) / DAY for date in dates]
    return np.array(months if _by_month(dates, months) else days, dtype=np.float64)


def _by_month(dates: list[datetime.datetime], months: list[int]) -> bool:
    """Whether all dates are of different months, and all on one day of them, or all on the last."""
    last = all(date.day == calendar.monthrange(date.year, date.month)[1] for date in dates)
    same = {(None if last else date.day, date.time()) for date in dates}
    return len(set(months)) == len(months) and len(same) == 1


def _gaps(t: NDArray[np.float64], lines: list[int]) -> list[str]:
    steps = np.diff(t)
    usual = float(np.median(steps))
    if (steps <= 0).any():
        return [f"line {lines[int(np.argmax(steps <= 0)) + 1]}: t does not rise."]
    # Times far from 0 are rounded to float64, each by half a unit in the last place.
    uneven = np.flatnonzero(np.abs(steps - usual) > 1e-6 * usual + 2 * np.spacing(np.abs(t).max()))
    return [f"line {lines[i + 1]}: gap: t goes on by {steps[i]:g}, expected {usual:g}." for i in uneven]
