"""Matrices of vectors in .npy, csv and the HDF5 layout of ann-benchmarks.

HDF5: data sets ``train`` (n, d), ``test`` (m, d) and, where they are present, ``neighbors`` (m, k); the attribute
``distance`` is ``euclidean`` or ``angular``, and angular vectors are searched by cosine.
Source: Aumüller, Bernhardsson, Faithfull: ANN-Benchmarks, Information Systems 87, 2020.
"""

from __future__ import annotations

import contextlib
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tokenize import TokenError
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.formats.fields import brief, decimal, shown
from experiments.foundation.datasets.formats.files import check_size, file_size, read_text, unreadable
from experiments.lab.errors import InputError

NPY_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
MOST_DEFLATED = 1032
"""Deflate makes at most so many bytes of one (RFC 1951: runs of 258 in 2 bits)."""
METRICS: dict[str, Literal["l2", "cosine"]] = {"euclidean": "l2", "angular": "cosine"}


@dataclass(frozen=True, kw_only=True)
class AnnBenchmark:
    """One ann-benchmarks file: base (n, d), queries (m, d), neighbor ids (m, k) or None, and the metric."""

    base: NDArray[Any]
    queries: NDArray[Any]
    neighbors: NDArray[Any] | None
    metric: Literal["l2", "cosine"]


def read_npy(path: Path) -> NDArray[Any]:
    """A numeric matrix (n, d) from a .npy file, mapped and not loaded.

    Raises InputError for an unreadable file, pickled objects, and arrays that are no matrix of numbers.
    """
    size = file_size(path)
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Reading `.npy`")  # of a header that Python 2 wrote, which is as good
            read_header = NPY_HEADERS.get(np.lib.format.read_magic(file))
            if read_header is None:
                raise InputError(f"{path}: a .npy file of a version that is not known.")
            shape, by_columns, dtype = read_header(file)
            start = file.tell()
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, EOFError, SyntaxError, TypeError, TokenError, RecursionError, MemoryError) as error:
        raise InputError(f"{path}: not a .npy file of numbers ({brief(error)}).") from error
    sides = all(type(side) is int and 0 <= side < 2**48 for side in shape)
    if len(shape) != 2 or not sides or dtype.kind not in "fiu":
        raise _no_matrix(path, "the array", dtype, shape)
    check_size(path, shape, dtype.itemsize, size - start)
    if 0 in shape:
        return np.empty(shape, dtype)
    order: Literal["F", "C"] = "F" if by_columns else "C"
    return np.memmap(path, dtype, "r", start, shape, order)


def read_csv_matrix(path: Path) -> NDArray[np.float64]:
    """A matrix (n, d) of comma-separated numbers; a first line that is not numeric is taken for a header.

    Raises InputError for an unreadable or empty file, and for rows that are no numbers or differ in length.
    """
    lines = read_text(path).removeprefix("\ufeff").splitlines()
    numbers = [number for number, line in enumerate(lines) if line.strip()]
    if numbers and not _numeric(lines[numbers[0]]):
        header = numbers.pop(0)
        if not lines[header].split(",")[0].strip(" \"'"):
            raise InputError(f"{path}: the first column has no name; is it an index? Save the numbers without it.")
    if not numbers:
        raise InputError(f"{path}: empty: expected rows of comma-separated numbers.")
    try:
        rows = (lines[number] for number in numbers)
        values = np.loadtxt(rows, delimiter=",", dtype=np.float64, ndmin=2, comments=None)
    except ValueError:
        values = np.full((1, 1), np.nan)
    if not np.isfinite(values).all():
        raise InputError(f"{path}: {_csv_fault(lines, numbers)}")
    return values


def _csv_fault(lines: list[str], numbers: list[int]) -> str:
    """What is wrong with the first line that is no row of numbers as long as the first row."""
    width = len(lines[numbers[0]].split(","))
    for number in numbers:
        cells = lines[number].split(",")
        wrong = [cell for cell in cells if math.isnan(decimal(cell))]
        if wrong:
            return f"line {number + 1}: {shown(wrong[0])} is no finite number."
        if len(cells) != width:
            return f"line {number + 1}: {len(cells)} numbers, expected {width} as in line {numbers[0] + 1}."
    return "expected a matrix of comma-separated numbers."


def read_ann_benchmark(path: Path) -> AnnBenchmark:
    """Base, queries, neighbors and metric of an ann-benchmarks HDF5 file, loaded whole.

    Raises InputError for a file that is no HDF5, lacks ``train`` or ``test``, or is measured in another distance.
    """
    with _open(path) as (file, metric):
        return AnnBenchmark(
            base=file["train"][()],
            queries=file["test"][()],
            neighbors=file["neighbors"][()] if "neighbors" in file else None,
            metric=metric,
        )


def probe_ann_benchmark(path: Path) -> None:
    """Check that the file opens and has the layout, without loading vectors; HDF5 notices a file that is cut off.

    Raises InputError as ``read_ann_benchmark`` does.
    """
    with _open(path):
        pass


@contextlib.contextmanager
def _open(path: Path) -> Iterator[tuple[Any, Literal["l2", "cosine"]]]:
    import h5py

    file_size(path)
    try:
        with h5py.File(path, "r") as file:
            missing = [name for name in ("train", "test") if name not in file]
            if missing:
                has = shown(sorted(file))
                raise InputError(f"{path}: no data set {' and no '.join(map(repr, missing))}; it has {has}.")
            distance = file.attrs.get("distance", "euclidean")
            if distance not in METRICS:
                raise InputError(f"{path}: distance {shown(distance)} is not supported, only euclidean and angular.")
            for name in file.keys() & {"train", "test", "neighbors"}:
                _check_data_set(path, file, name)
            yield file, METRICS[distance]
    except InputError:
        raise
    except Exception as error:  # the library raises almost anything for a damaged file
        raise InputError(f"{path}: not a readable HDF5 file ({brief(error)}).") from error


def _check_data_set(path: Path, file: Any, name: str) -> None:
    """A matrix of numbers that lies in this very file, and no larger than the file can unpack to."""
    import h5py

    if not isinstance(file.get(name, getlink=True), h5py.HardLink):
        raise InputError(f"{path}: {name!r} is a link to somewhere else; refused.")
    data = file[name]
    if not isinstance(data, h5py.Dataset):
        raise InputError(f"{path}: {name!r} is a group, expected a data set.")
    if data.external is not None or data.is_virtual:
        raise InputError(f"{path}: the numbers of {name!r} lie in another file; refused.")
    if data.shape is None or len(data.shape) != 2 or data.dtype.kind not in "fiu":
        raise _no_matrix(path, name, data.dtype, data.shape)
    claimed, stored = math.prod(data.shape) * data.dtype.itemsize, data.id.get_storage_size()
    if claimed > MOST_DEFLATED * stored:
        raise InputError(f"{path}: {name!r} claims {claimed} bytes, but {stored} are stored; the file is damaged.")


def _no_matrix(path: Path, name: str, dtype: object, shape: object) -> InputError:
    found = f"{brief(dtype)} of shape {shown(shape)}"
    return InputError(f"{path}: expected {name} to be a matrix of numbers (n, d), found {found}.")


def _numeric(line: str) -> bool:
    return not any(math.isnan(decimal(cell)) for cell in line.split(","))
