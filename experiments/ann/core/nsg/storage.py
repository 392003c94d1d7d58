"""Arrays in one file that can be mapped into memory: how indexes are kept.

Layout: 8 bytes ``MLNOTES`` and a zero; format version, length and CRC-32 of the header as little-endian uint32; the
header in JSON (kind, details, and of each array its name, type, shape, offset and CRC-32); then the arrays, each from
a multiple of 4096 bytes on. A file is written beside its place and moved there, so that a half-written one never bears
the name.
"""

from __future__ import annotations

import json
import math
import os
import secrets
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

MAGIC = b"MLNOTES\0"
VERSION = 3
PAGE = 4096
PREFIX = struct.Struct("<8sIII")
PLAIN: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "str": (str,), "bool": (bool,)}
"""Annotation of a dataclass -> types of its value in JSON."""
T = TypeVar("T")
KINDS = {"int8", "uint8", "int32", "int64", "float32", "float64"}


def write_arrays(path: Path, kind: str, details: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays and details (what JSON holds) under ``path``."""
    whole = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    entries: list[dict[str, Any]] = []
    offset = 0
    for name, array in whole.items():
        entry: dict[str, Any] = {"name": name, "dtype": array.dtype.name, "shape": list(array.shape), "offset": offset}
        entries.append({**entry, "crc": zlib.crc32(array.data)})
        offset += -(-array.nbytes // PAGE) * PAGE
    header = json.dumps({"kind": kind, "details": dict(details), "arrays": entries}).encode()
    first = _first_page(len(header))
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with temporary.open("xb") as file:  # never through a link that lies there already
            file.write(PREFIX.pack(MAGIC, VERSION, len(header), zlib.crc32(header)) + header)
            for written, array in zip(entries, whole.values(), strict=True):
                file.seek(first + int(written["offset"]))
                file.write(array.data)
            file.truncate(first + offset)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_arrays(path: Path, kind: str, *, verify: bool = True) -> Kept:
    """What a file holds, mapped into memory; writing to the arrays leaves the file as it is.

    Args:
        kind: what the file must hold.
        verify: whether to read all arrays once and compare their checksums.

    Raises:
        ValueError: not such a file, another version or kind, cut short, or damaged.
    """
    size = path.stat().st_size
    if not path.is_file():
        raise ValueError(f"{path}: expected a file, got a folder, device or pipe")
    with path.open("rb") as file:
        prefix = file.read(PREFIX.size)
        if len(prefix) < PREFIX.size or not prefix.startswith(MAGIC):
            raise ValueError(f"{path}: expected an index of mlnotes, got a file of another kind")
        _, version, length, checksum = PREFIX.unpack(prefix)
        if version != VERSION:
            raise ValueError(
                f"{path}: expected format version {VERSION}, got {version}; build and save the index again"
            )
        header = file.read(length) if length <= size else b""
    if len(header) != length or zlib.crc32(header) != checksum:
        raise ValueError(f"{path}: the header is damaged; build and save the index again")
    try:
        parsed = json.loads(header)
        entries, found, details = [_entry(one) for one in parsed["arrays"]], parsed["kind"], parsed["details"]
    except (LookupError, TypeError, ValueError, RecursionError):
        raise ValueError(f"{path}: the header describes no arrays; build and save the index again") from None
    if found != kind:
        raise ValueError(f"{path}: expected {kind}, got {str(found)[:20]!r}")
    first = _first_page(length)
    return Kept(path, details, {entry.name: _map_array(path, entry, first, size, verify) for entry in entries})


@dataclass(frozen=True)
class Kept:
    """What a file holds. Its header may be forged, checksums and all, so an array is taken by the form it must have.

    Every method raises ValueError, with the file, for what is missing or of another form.
    """

    path: Path
    details: Any
    arrays: dict[str, NDArray[Any]]

    def array(self, name: str, kinds: set[str], shape: tuple[int | None, ...]) -> NDArray[Any]:
        """An array of one of these types; None stands for any length of at least 1."""
        array = self.arrays.get(name)
        if array is None:
            raise self.fault(f"no array {name}")
        fits = [want == side if want is not None else side > 0 for want, side in zip(shape, array.shape, strict=False)]
        if array.dtype.name not in kinds or array.ndim != len(shape) or not all(fits):
            wanted = " x ".join("any" if side is None else str(side) for side in shape)
            raise self.fault(f"{name} is {array.dtype} {array.shape}, expected {' or '.join(sorted(kinds))} {wanted}")
        if array.dtype.kind == "f" and not np.isfinite(array.sum(dtype=np.float64)):
            raise self.fault(f"{name} holds NaN or infinity")
        return array

    def ids(self, name: str, shape: tuple[int | None, ...], n: int) -> NDArray[np.int32]:
        """Numbers of nodes from 0 to n - 1, and -1 for none: a search follows them without looking again."""
        array = self.array(name, {"int32"}, shape)
        if not -1 <= int(array.min()) <= int(array.max()) < n:
            raise self.fault(f"{name} names nodes from {array.min()} to {array.max()}, expected -1 to {n - 1}")
        return array

    def detail(self, name: str, make: Callable[[Any], T]) -> T:
        """What ``make`` makes of a detail."""
        try:
            return make(self.details[name])
        except (LookupError, TypeError, ValueError, AttributeError) as fault:
            raise self.fault(f"{name} is not what it should be ({fault})") from None

    def fault(self, what: str) -> ValueError:
        return ValueError(f"{self.path}: {what}; build and save the index again")


def described(kind: type[T]) -> Callable[[Any], T]:
    """Makes a dataclass of plain values, each of the type that its field says."""

    def make(values: Any) -> T:
        made = kind(**values)
        for field in fields(kind):  # type: ignore[arg-type]
            wanted, value = PLAIN.get(str(field.type)), getattr(made, field.name)
            if wanted is not None and type(value) not in wanted:
                raise TypeError(f"{field.name} is {str(value)[:20]!r}")
        return made

    return make


def natural(limit: int) -> Callable[[Any], int]:
    """Checks an integer from 0 to ``limit`` - 1."""

    def check(value: Any) -> int:
        if type(value) is not int or not 0 <= value < limit:
            raise ValueError(f"{str(value)[:20]!r}, expected 0 to {limit - 1}")
        return value

    return check


class _Entry(NamedTuple):
    """What the header says of an array."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    offset: int
    crc: int


def _entry(values: Any) -> _Entry:
    name, dtype, shape, offset, crc = (values[key] for key in ("name", "dtype", "shape", "offset", "crc"))
    whole = all(type(number) is int and number >= 0 for number in (*shape, offset, crc))
    if type(name) is not str or dtype not in KINDS or not whole or offset % PAGE or len(shape) > 3:
        raise ValueError("no array")
    return _Entry(name, np.dtype(dtype), tuple(shape), offset, crc)


def _first_page(header_length: int) -> int:
    return -(-(PREFIX.size + header_length) // PAGE) * PAGE


def _map_array(path: Path, entry: _Entry, first: int, size: int, verify: bool) -> NDArray[Any]:
    count = math.prod(entry.shape)  # of Python's integers, which do not wrap around
    if first + entry.offset + count * entry.dtype.itemsize > size:
        raise ValueError(f"{path}: array {entry.name} is cut short; build and save the index again")
    if count == 0:
        return np.empty([min(side, 1 << 31) for side in entry.shape], entry.dtype)
    start = first + entry.offset
    mapped = np.memmap(path, dtype=entry.dtype, mode="c", offset=start, shape=entry.shape).view(np.ndarray)
    if verify and zlib.crc32(mapped.data) != entry.crc:
        raise ValueError(f"{path}: array {entry.name} is damaged; build and save the index again")
    return mapped
