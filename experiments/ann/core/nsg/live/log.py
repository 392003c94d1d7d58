"""An append-only file of records: what was appended and acknowledged is there after a crash at any moment.

Layout: 8 bytes ``MLNLOG`` and two zeros, then records of kind (1 byte), length and CRC-32 of the content
(little-endian uint64 and uint32), content. A record that is cut short or does not match its sum is where a crash
happened: it was never acknowledged, and it is dropped with all that follows.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

MAGIC = b"MLNLOG\0\0"
HEAD = struct.Struct("<cQI")


class Log:
    """The log in a file; it is made where there is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("a+b")
        if self.file.tell() == 0:
            self._write(MAGIC)
        self.file.seek(0)
        if self.file.read(len(MAGIC)) != MAGIC:
            self.file.close()
            raise ValueError(f"{path}: expected a log of mlnotes, got a file of another kind")

    def append(self, kind: bytes, content: bytes) -> None:
        """Append a record; when this returns, the disk has it."""
        self._write(HEAD.pack(kind, len(content), zlib.crc32(content)) + content)

    def records(self) -> Iterator[tuple[bytes, bytes]]:
        """Kind and content of every whole record; then what a crash has left after them is cut off."""
        self.file.seek(len(MAGIC))
        good = len(MAGIC)
        size = self.path.stat().st_size
        while len(head := self.file.read(HEAD.size)) == HEAD.size:
            kind, length, checksum = HEAD.unpack(head)
            content = self.file.read(length) if length <= size else b""
            if len(content) < length or zlib.crc32(content) != checksum:
                break
            good = self.file.tell()
            yield kind, content
        self.file.truncate(good)
        self.file.seek(0, os.SEEK_END)

    def close(self) -> None:
        self.file.close()

    def _write(self, data: bytes) -> None:
        self.file.write(data)
        self.file.flush()
        os.fsync(self.file.fileno())
