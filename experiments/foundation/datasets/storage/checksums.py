"""Is a file what its publisher says it is?"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from pathlib import Path

from experiments.foundation.datasets.entries import RemoteFile
from experiments.foundation.datasets.formats.files import GZIP_MAGIC, unreadable


def fault_of(file: RemoteFile, path: Path) -> str | None:
    """What is wrong with ``path`` as a copy of ``file``, or None where nothing known speaks against it.

    The MD5 of the content decides where it is known, else the MD5 of the download. A file without any checksum is not
    judged here.
    """
    try:
        if file.content_md5 is not None:
            return _difference("MD5 of the content", file.content_md5, content_md5(path))
        if file.md5 is not None:
            return _difference("MD5", file.md5, md5(path))
    except OSError as error:
        return unreadable(path, error).problems[0] if error.errno else f"corrupt gzip ({error})"
    except (EOFError, zlib.error) as error:
        return f"corrupt gzip ({error})"
    return None


def md5(path: Path) -> str:
    """MD5 of the bytes of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, _md5).hexdigest()


def content_md5(path: Path) -> str:
    """MD5 of a file after gunzipping it where it is gzip."""
    if not is_gzip(path):
        return md5(path)
    digest = _md5()
    with gzip.open(path, "rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def is_gzip(path: Path) -> bool:
    """Whether a file opens with gzip's two bytes, whatever its name."""
    with path.open("rb") as stream:
        return stream.read(2) == GZIP_MAGIC


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)  # some systems forbid MD5 unless told that it guards nothing


def _difference(what: str, expected: str, found: str) -> str | None:
    return None if found == expected else f"{what} is {found}, expected {expected}"
