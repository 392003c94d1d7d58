"""CIFAR-10: the binary version and the pickles of the Python version.

Binary: records of 3073 bytes, one label and 32 x 32 red, then green, then blue values, row by row. Python: a pickled
dictionary with ``data`` (n, 3072) in the same order and ``labels``. Pickles can run code, so nothing is let
through but what describes an array of bytes.
Source: Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.foundation.datasets.formats.fields import brief
from experiments.foundation.datasets.formats.files import read_bytes
from experiments.lab.errors import InputError

CLASSES = 10
PIXELS = 3 * 32 * 32


class _PickledArray:
    """What a pickle says about an array. numpy itself is kept out: a forged state can make it touch wrong memory."""

    dtype: object = None
    shape: object = None
    content: object = None
    by_columns: object = False

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, self.shape, self.dtype, self.by_columns, self.content = state

    def rows(self) -> NDArray[np.uint8] | None:
        """The array (n, 3072) where it is one of bytes in this shape."""
        if not isinstance(self.dtype, _PickledType) or self.dtype.code not in ("u1", b"u1"):
            return None
        if not isinstance(self.content, bytes) or len(self.content) % PIXELS:
            return None
        if self.shape != (len(self.content) // PIXELS, PIXELS):
            return None
        return np.frombuffer(self.content, dtype=np.uint8).reshape(self.shape, order="F" if self.by_columns else "C")


class _PickledType:
    def __init__(self, code: object, *_: object) -> None:
        self.code = code

    def __setstate__(self, state: object) -> None:
        """Byte order and the like: a byte has none."""


def _new_array(*_: object) -> _PickledArray:
    return _PickledArray()


def _latin1(text: str, _: object) -> bytes:
    return text.encode("latin1")  # how Python 3 writes bytes in protocol 2


_STAND_INS: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _new_array,
    ("numpy._core.multiarray", "_reconstruct"): _new_array,
    ("numpy", "ndarray"): _PickledArray,
    ("numpy", "dtype"): _PickledType,
    ("_codecs", "encode"): _latin1,
}
"""All that a pickled array of bytes asks for, and what it gets; anything else is refused."""


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _STAND_INS:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, and only arrays are let through")
        return _STAND_INS[module, name]


def read_cifar_binary(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (n, 32, 32, 3) uint8 and labels (n,) int64 of one ``data_batch_*.bin``.

    Raises InputError for a length that is no whole number of records, and for a label above 9.
    """
    content = read_bytes(path)
    if len(content) == 0 or len(content) % (1 + PIXELS):
        raise InputError(f"{path}: {len(content)} bytes are not a whole number of records of {1 + PIXELS} bytes.")
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, 1 + PIXELS)
    return _images(records[:, 1:]), _labels(path, records[:, 0].astype(np.int64))


def read_cifar_pickle(path: Path) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Images (n, 32, 32, 3) uint8 and labels (n,) int64 of one pickled ``data_batch_*``.

    Raises InputError for a pickle that asks for anything but arrays, and for other shapes and labels.
    """
    content = read_bytes(path)
    try:
        batch = _ArrayUnpickler(io.BytesIO(content), encoding="bytes").load()
    except Exception as error:  # a damaged pickle raises almost any exception
        raise InputError(f"{path}: not a CIFAR-10 batch: {brief(error)}.") from error
    if not isinstance(batch, dict):
        raise InputError(f"{path}: not a CIFAR-10 batch: expected a dictionary, found {type(batch).__name__}.")
    data = batch.get(b"data", batch.get("data"))
    labels = batch.get(b"labels", batch.get("labels"))
    rows = data.rows() if isinstance(data, _PickledArray) else None
    if rows is None:
        raise InputError(f"{path}: expected 'data' as uint8 of shape (n, {PIXELS}).")
    if not isinstance(labels, list) or len(labels) != len(rows) or not all(type(label) is int for label in labels):
        raise InputError(f"{path}: expected 'labels' as a list of {len(rows)} integers.")
    return _images(rows), _labels(path, np.array(labels, dtype=np.int64))


def _images(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))


def _labels(path: Path, labels: NDArray[np.int64]) -> NDArray[np.int64]:
    wrong = np.flatnonzero((labels < 0) | (labels >= CLASSES))
    if len(wrong):
        raise InputError(f"{path}: label {labels[wrong[0]]} in record {wrong[0]}, expected 0 to {CLASSES - 1}.")
    return labels
