"""Whole files into memory: bytes, gunzipped where they are gzip, or text. Formats above that are for others."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from experiments.lab.errors import InputError

GZIP_MAGIC = b"\x1f\x8b"


def unreadable(path: Path, error: OSError) -> InputError:
    """The error for a file that the system does not let us read, with the system's own reason."""
    return InputError(f"{path}: cannot be read ({error.strerror or error}). Check the path and its permissions.")


def read_bytes(path: Path) -> bytes:
    """The content of ``path``; gzip is recognized by its first two bytes, not by the name.

    Raises InputError for an unreadable file and for gzip that is cut off or fails its own checksum.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    if not raw.startswith(GZIP_MAGIC):
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{path}: corrupt gzip ({error}). Fetch the file again.") from error


def read_text(path: Path) -> str:
    """The text in ``path``, in UTF-8, with its line ends as they are.

    Raises InputError for an unreadable file, corrupt gzip, and bytes that are not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text in UTF-8 ({error}).") from error
