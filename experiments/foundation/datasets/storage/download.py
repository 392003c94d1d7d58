"""One file from the network to the disk: resumed where it broke off, verified, and never half under its final name.

Bytes go to ``NAME.part``; only a complete and verified file is renamed to ``NAME``. HTTP resumes by Range requests;
FTP, which urllib cannot resume, starts again. Not pooch, which has the rest but cannot resume.
"""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import IO, Any

from experiments.foundation.datasets.entries import RemoteFile
from experiments.foundation.datasets.formats.fields import brief
from experiments.foundation.datasets.formats.files import not_through_links
from experiments.foundation.datasets.storage.checksums import fault_of
from experiments.foundation.datasets.storage.structure import structural_fault
from experiments.lab.errors import InputError
from experiments.lab.experiment import Progress

SILENCE = 10.0
"""Seconds without an answer or a byte after which a connection counts as broken."""
ATTEMPTS = 5
"""Connections to try for one file, as long as each brought something."""
BLOCK = 1 << 16
SLACK = 1 << 20
"""Bytes beyond twice the known size that a download may have: a copy that is compressed otherwise is as good."""


def download(file: RemoteFile, target: Path) -> Iterator[Progress]:
    """Bring ``file`` to ``target``, with progress in bytes.

    Raises InputError where the server cannot be reached, breaks off again and again (the part is kept and the next call
    resumes it), has no such file, or sends something else than the checksum says, or else the format (the part is
    deleted).
    """
    part = target.with_name(target.name + ".part")
    for attempt in range(ATTEMPTS):
        before = _size(part)
        try:
            total = yield from _continue(file, part)
        except urllib.error.HTTPError as error:
            error.close()
            raise InputError(f"{file.url}: the server answered {error.code} {brief(error.reason)}.") from error
        except (OSError, http.client.HTTPException) as error:
            if _size(part) <= before or attempt == ATTEMPTS - 1:
                raise InputError(_broken(file, _size(part), error)) from error
            continue
        if _size(part) == total:
            break
        if _size(part) <= before or attempt == ATTEMPTS - 1:
            raise InputError(_broken(file, _size(part), ConnectionError("the connection was closed early")))
    by_format = not (file.md5 or file.content_md5 or file.members)  # an archive is checked when it is unpacked
    fault = structural_fault(part, target.suffix) if by_format else fault_of(file, part)
    if fault is not None:
        part.unlink()
        raise InputError(f"{file.url}: {fault}. The download was deleted; fetch it again.")
    os.replace(part, target)


def _continue(file: RemoteFile, part: Path) -> Generator[Progress, None, int]:
    """Append to ``part`` from one connection; returns the size that the whole file should have."""
    offset = _size(part) if file.url.startswith("http") else 0
    request = urllib.request.Request(file.url, headers={"Range": f"bytes={offset}-"} if offset else {})
    try:
        response = urllib.request.urlopen(request, timeout=SILENCE)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        error.close()
        if error.headers.get("Content-Range", "").endswith(f"/{offset}"):
            return offset  # nothing is left to send: the part is already whole
        part.unlink()
        return (yield from _continue(file, part))
    with response:
        if getattr(response, "status", None) != http.client.PARTIAL_CONTENT:
            offset = 0
        length = response.headers.get("Content-Length", "")
        total = offset + int(length) if length.isdecimal() else file.size
        if total > 2 * file.size + SLACK:
            raise InputError(f"{file.url}: {total:,} bytes are announced, but {file.size:,} expected. Not taken.")
        with open(part, "ab" if offset else "wb", opener=not_through_links) as sink:
            yield from _copy(response, sink, file.name, offset, total)
    return total


def _copy(source: IO[bytes], sink: IO[bytes], name: str, done: int, total: int) -> Iterator[Progress]:
    yield Progress(f"download {name}", done, total)
    while block := source.read(BLOCK):
        sink.write(block)
        done += len(block)
        if done > total:
            raise InputError(f"{name}: the server sends more than the {total:,} bytes that it should have. Not taken.")
        yield Progress(f"download {name}", done, total)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _broken(file: RemoteFile, done: int, error: Exception) -> str:
    reason: Any = error.reason if isinstance(error, urllib.error.URLError) else error
    if done == 0:
        host = urllib.parse.urlsplit(file.url).hostname
        return f"cannot reach {host} for {file.name} ({reason}). Check the network and run the command again."
    return f"{file.name}: broke off after {done} bytes ({reason}). Run the command again: it goes on from there."
