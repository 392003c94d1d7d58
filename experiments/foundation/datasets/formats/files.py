"""Whole files into memory: bytes, gunzipped where they are gzip, or text. Formats above that are for others."""

from __future__ import annotations

import gzip
import math
import os
import stat
import zlib
from pathlib import Path

from experiments.lab.errors import InputError

GZIP_MAGIC = b"\x1f\x8b"
MOST_ADDRESSED = 1 << 62
MOST_GUNZIPPED = 1 << 30
"""A file of 1 MB may gunzip to 1 GB: what gets larger than this is gunzipped by its owner, who knows why."""


def unreadable(path: Path, error: OSError) -> InputError:
    """The error for a file that the system does not let us read, with the system's own reason."""
    return InputError(f"{path}: cannot be read ({error.strerror or error}). Check the path and its permissions.")


def file_size(path: Path) -> int:
    """Bytes of a file.

    Raises InputError where there is none, and for a folder, a device or a pipe, which might never end.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(status.st_mode):
        raise InputError(f"{path}: expected a file, found a {'folder' if path.is_dir() else 'device or pipe'}.")
    return status.st_size


def check_size(path: Path, shape: tuple[int, ...], item_bytes: int, found: int) -> None:
    """Hold the size that a header claims against the ``found`` bytes of values, before any memory is taken.

    Raises InputError where they differ.
    """
    expected = item_bytes * math.prod(shape)
    if item_bytes * math.prod(side or 1 for side in shape) >= MOST_ADDRESSED:  # also where another side is 0
        raise InputError(f"{path}: {' x '.join(map(str, shape))} values are more than can be addressed.")
    if found != expected:
        fault = "truncated" if found < expected else "trailing bytes"
        values = f"{' x '.join(map(str, shape))} values of {item_bytes} bytes"
        raise InputError(f"{path}: {fault}: {values} need {expected} bytes, the file holds {found}.")


def not_through_links(path: str, flags: int) -> int:
    """Opener for files that are written under a name that anybody could foresee: a link planted there is an error."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def read_bytes(path: Path) -> bytes:
    """The content of ``path``; gzip is recognized by its first two bytes, not by the name.

    Raises InputError for an unreadable file and for gzip that is cut off, fails its own checksum or would fill the
    memory.
    """
    file_size(path)
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    return _gunzipped(path) if raw.startswith(GZIP_MAGIC) else raw


def read_text(path: Path) -> str:
    """The text in ``path``, in UTF-8, with its line ends as they are.

    Raises InputError for an unreadable file, corrupt gzip, and bytes that are not UTF-8.
    """
    try:
        return read_bytes(path).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text in UTF-8 ({error}).") from error


def _gunzipped(path: Path) -> bytes:
    try:
        with gzip.open(path) as file:
            content = file.read(MOST_GUNZIPPED + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise InputError(f"{path}: corrupt gzip ({error}). Fetch the file again.") from error
    if len(content) > MOST_GUNZIPPED:
        raise InputError(f"{path}: gunzips to more than {MOST_GUNZIPPED >> 20} MiB. Gunzip it yourself if it is meant.")
    return content


def paragraphs_once(text: bytes) -> bytes:
    r"""The text without paragraphs that it has had before, so that no page to test on is one to train on.

    >>> paragraphs_once(b"one\n\ntwo\n\none\n\nthree")
    b'one\n\ntwo\n\nthree'
    """
    return b"\n\n".join(dict.fromkeys(text.split(b"\n\n")))
