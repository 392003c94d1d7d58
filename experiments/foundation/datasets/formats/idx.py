"""IDX, the array format of MNIST: read and write.

Layout, big endian: two zero bytes, one byte for the type, one byte for the number of dimensions D, then D sizes of four
bytes each, then the values. So an unsigned-byte cube opens with 2051 (images) and an unsigned-byte vector with 2049
(labels).
Source: LeCun, Cortes, Burges: The MNIST database of handwritten digits, section "File formats".
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.formats.files import check_size, read_bytes
from experiments.lab.errors import InputError

IMAGES_MAGIC = 2051
LABELS_MAGIC = 2049
MOST_DIMENSIONS = 8
"""No array of anything measured has more, and an empty one of very many sizes is more than numpy can describe."""
TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""Type byte -> numpy's name of the big-endian type."""


def read_idx(path: Path, *, magic: int | None = None) -> NDArray[Any]:
    """The array in an IDX file, plain or gzip, in the machine's byte order and read-only.

    ``magic`` is the number that the file must open with (2051 for images, 2049 for labels); None takes any IDX file.
    Raises InputError for a wrong magic number, a length that does not fit the sizes in the header, and corrupt gzip.
    """
    content = read_bytes(path)
    dtype, shape = _header(path, content, magic)
    start = 4 + 4 * len(shape)
    check_size(path, shape, dtype.itemsize, len(content) - start)
    values = np.frombuffer(content, dtype=dtype, offset=start).reshape(shape)
    native = values.astype(dtype.newbyteorder("="), copy=False)
    native.flags.writeable = False
    return native


def write_idx(path: Path, values: NDArray[Any]) -> None:
    """Write an array of one of IDX's six types; a path that ends in ``.gz`` is compressed."""
    codes = {np.dtype(name).newbyteorder("="): code for code, name in TYPES.items()}
    code = codes.get(values.dtype.newbyteorder("="))
    if code is None or not 1 <= values.ndim <= MOST_DIMENSIONS:
        raise InputError(
            f"{path}: IDX holds uint8, int8, int16, int32, float32 or float64 in 1 to {MOST_DIMENSIONS} dimensions, "
            f"not {values.dtype} in {values.ndim}."
        )
    header = struct.pack(f">HBB{values.ndim}I", 0, code, values.ndim, *values.shape)
    content = header + values.astype(TYPES[code]).tobytes()
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)


def _header(path: Path, content: bytes, magic: int | None) -> tuple[np.dtype[Any], tuple[int, ...]]:
    if len(content) < 4:
        raise InputError(f"{path}: truncated: an IDX file has at least 4 bytes, this one {len(content)}.")
    number = int.from_bytes(content[:4], "big")
    if magic is not None and number != magic:
        raise InputError(f"{path}: magic number {number}, expected {magic}. Is it another file under this name?")
    code, dimensions = number >> 8, number & 0xFF
    if code not in TYPES or dimensions == 0:
        raise InputError(f"{path}: not an IDX file: it opens with {content[:4].hex(' ')}.")
    if len(content) < 4 + 4 * dimensions:
        raise InputError(f"{path}: truncated: the header of {dimensions} dimensions is not complete.")
    if dimensions > MOST_DIMENSIONS:
        raise InputError(f"{path}: {dimensions} dimensions, expected at most {MOST_DIMENSIONS}.")
    return np.dtype(TYPES[code]), struct.unpack_from(f">{dimensions}I", content, 4)
