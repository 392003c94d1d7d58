"""A table from a csv file: columns of numbers or of words, one of which is to be predicted from the others.

Words become one column of 0 and 1 per word. A cell without a number in a column of numbers gets the median of the
column, and a column of 0 and 1 beside it says where that was; how many there were stands in the description.
"""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.formats.fields import brief, decimal, refuse, shown
from experiments.foundation.datasets.formats.files import read_text
from experiments.foundation.datasets.formats.sklearn_sets import TableData
from experiments.lab.errors import InputError, meant

MOST_WORDS = 30
"""A column of more different words, or a target of more whole numbers, is not one of classes."""
FEWEST_ROWS, FEWEST_OF_A_CLASS = 30, 5

Column = list[str]


def load_table_file(path: Path, target: str) -> TableData:
    """Read a csv file whose first line names its columns, and split off the column ``target``.

    A target of words, or of at most 30 different whole numbers, is one of classes; else it is predicted as a number.
    Raises InputError with one line per fault: no such column, lines of other lengths, a column of more than 30
    different words, a target with empty cells, fewer than 30 rows, classes of fewer than 5 rows.
    """
    columns = _read(path)
    if target not in columns:
        raise InputError(f"{path}: target={target}: {meant(target, columns)}")
    wanted = columns.pop(target)
    faults = [f"line {line}: {target} is missing." for line, cell in enumerate(wanted, 2) if not cell]
    faults += [] if len(wanted) >= FEWEST_ROWS else [f"{len(wanted)} rows, expected at least {FEWEST_ROWS}."]
    faults += [] if columns else [f"no column beside {target}, expected at least one to predict it from."]
    encoded: dict[str, NDArray[np.float64]] = {}
    filled = 0
    for name, cells in columns.items():
        numbers = np.array([decimal(cell) for cell in cells])
        if _is_numeric(cells, numbers):
            filled += _fill(encoded, name, numbers)
        elif len(set(cells)) <= MOST_WORDS:
            encoded |= {
                f"{name}={word}": np.array([float(cell == word) for cell in cells]) for word in sorted(set(cells))
            }
        else:
            odd = next(cell for cell, number in zip(cells, numbers, strict=True) if cell and math.isnan(number))
            faults.append(f"column {name} has {len(set(cells))} different words, such as {shown(odd)}; leave it out.")
    targets, classes = _targets(target, wanted, faults)
    refuse(path, faults)
    kind = f"{len(classes)} classes" if classes else "a number to predict"
    gaps = f", {filled} empty cells filled with their column's median" if filled else ""
    return TableData(
        name=path.stem,
        features=np.stack(list(encoded.values()), axis=1),
        targets=targets,
        feature_names=tuple(encoded),
        classes=classes,
        description=f"{path.name}: {len(wanted)} rows, {len(encoded)} columns, {kind}{gaps}",
    )


def _read(path: Path) -> dict[str, Column]:
    """Column -> its cells."""
    try:
        with io.StringIO(read_text(path).removeprefix("\ufeff"), newline="") as file:
            reader = csv.reader(file, skipinitialspace=True, strict=True)
            names = [name.strip() for name in next(reader, ())]
            lines = [(reader.line_num, [cell.strip() for cell in line]) for line in reader if line]
    except csv.Error as error:
        raise InputError(f"{path}: not a csv file ({brief(error)}).") from error
    twice = sorted({name for name in names if names.count(name) > 1})
    faults = [f"the column {shown(name)} stands twice in the first line." for name in twice]
    faults += [f"line {at}: {len(line)} cells, expected {len(names)}." for at, line in lines if len(line) != len(names)]
    refuse(path, faults or ([] if lines else ["no rows below the first line."]))
    return dict(zip(names, ([*cells] for cells in zip(*(line for _, line in lines), strict=True)), strict=True))


def _is_numeric(cells: Column, numbers: NDArray[np.float64]) -> bool:
    """Whether every cell that is not empty holds a number, and one does."""
    given = np.array([bool(cell) for cell in cells])
    return bool(given.any() and np.isfinite(numbers[given]).all())


def _fill(encoded: dict[str, NDArray[np.float64]], name: str, numbers: NDArray[np.float64]) -> int:
    missing = np.isnan(numbers)
    encoded[name] = np.where(missing, np.median(numbers[~missing]), numbers)
    if missing.any():
        encoded[f"{name} missing"] = missing.astype(np.float64)
    return int(missing.sum())


def _targets(name: str, cells: Column, faults: list[str]) -> tuple[NDArray[np.generic], tuple[str, ...]]:
    """Labels and the names of the classes, or numbers and no names."""
    numbers = np.array([decimal(cell) for cell in cells])
    numeric, words = _is_numeric(cells, numbers), sorted(set(cells))
    if numeric and (len(words) > MOST_WORDS or (numbers != np.round(numbers)).any()):
        if len(words) < 2:
            faults.append(f"{name} has one value, {shown(cells[0])}: nothing to predict.")
        return numbers, ()
    if len(words) > MOST_WORDS:
        faults.append(f"{name} has {len(words)} different words, expected numbers or at most {MOST_WORDS} classes.")
    elif len(words) < 2:
        faults.append(f"{name} has one value, {shown(words[0] if words else '')}: nothing to predict.")
    else:
        rare = [word for word in words if cells.count(word) < FEWEST_OF_A_CLASS]
        faults += [
            f"{name}: {shown(word)} has {cells.count(word)} rows, expected {FEWEST_OF_A_CLASS}." for word in rare
        ]
    names = {word: number for number, word in enumerate(words)}
    return np.array([names[cell] for cell in cells], dtype=np.int64), tuple(words)
