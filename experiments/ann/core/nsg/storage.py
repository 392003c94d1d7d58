"""Arrays in one file that can be mapped into memory: how indexes are kept.

Layout: 8 bytes ``MLNOTES`` and a zero; format version, length and CRC-32 of the header as little-endian uint32; the
header in JSON (kind, details, and of each array its name, type, shape, offset and CRC-32); then the arrays, each from
a multiple of 4096 bytes on. A file is written beside its place and moved there, so that a half-written one never bears
the name.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"MLNOTES\0"
VERSION = 3
PAGE = 4096
PREFIX = struct.Struct("<8sIII")
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
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            file.write(PREFIX.pack(MAGIC, VERSION, len(header), zlib.crc32(header)) + header)
            for written, array in zip(entries, whole.values(), strict=True):
                file.seek(first + int(written["offset"]))
                file.write(array.data)
            file.truncate(first + offset)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_arrays(path: Path, kind: str, *, verify: bool = True) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Details and arrays of a file, mapped into memory; writing to them leaves the file as it is.

    Args:
        kind: what the file must hold.
        verify: whether to read all arrays once and compare their checksums.

    Raises:
        ValueError: not such a file, another version or kind, cut short, or damaged.
    """
    size = path.stat().st_size
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
    parsed = json.loads(header)
    if parsed["kind"] != kind:
        raise ValueError(f"{path}: expected {kind}, got {parsed['kind']}")
    arrays = {entry["name"]: _map_array(path, entry, _first_page(length), size, verify) for entry in parsed["arrays"]}
    return parsed["details"], arrays


def _first_page(header_length: int) -> int:
    return -(-(PREFIX.size + header_length) // PAGE) * PAGE


def _map_array(path: Path, entry: Mapping[str, Any], first: int, size: int, verify: bool) -> NDArray[Any]:
    if entry["dtype"] not in KINDS:
        raise ValueError(f"{path}: array {entry['name']} has the unknown type {entry['dtype']}")
    kind, shape = np.dtype(entry["dtype"]), tuple(entry["shape"])
    count = int(np.prod(shape, dtype=np.int64))
    if first + entry["offset"] + count * kind.itemsize > size:
        raise ValueError(f"{path}: array {entry['name']} is cut short; build and save the index again")
    if count == 0:
        return np.empty(shape, kind)
    mapped = np.memmap(path, dtype=kind, mode="c", offset=first + entry["offset"], shape=shape).view(np.ndarray)
    if verify and zlib.crc32(mapped.data) != entry["crc"]:
        raise ValueError(f"{path}: array {entry['name']} is damaged; build and save the index again")
    return mapped
