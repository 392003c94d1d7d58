"""The folder of an index that changes: an index file, the ids of its rows, and a log of the changes since.

The three bear the number of their generation. A new one is complete when its log is there; only then the one before
goes. So at any moment there is a log, and what it belongs to.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.ann.core.nsg.coded_index import CodedNSG
from experiments.ann.core.nsg.live.log import Log
from experiments.ann.core.nsg.live.state import LongIds
from experiments.ann.core.simd.distance import Floats

ADDED, DELETED = b"+", b"-"


class LiveFolder:
    """Make it with ``empty`` or ``newest``."""

    def __init__(self, path: Path, generation: int, log: Log | None) -> None:
        self.path, self.generation, self.log = path, generation, log

    @classmethod
    def empty(cls, path: Path) -> LiveFolder:
        """A folder in which nothing is yet; it is made where there is none."""
        path.mkdir(parents=True, exist_ok=True)
        if any(path.iterdir()):
            raise ValueError(f"{path}: expected an empty folder; LiveNSG.open opens what is kept in one")
        return cls(path, 0, None)

    @classmethod
    def newest(cls, path: Path) -> LiveFolder:
        """The folder of an index."""
        logs = sorted(path.glob("log-[0-9]*"))
        if not logs:
            raise ValueError(f"{path}: expected a folder of LiveNSG.save, found no log in it")
        return cls(path, int(logs[-1].name.partition("-")[2]), Log(logs[-1]))

    def read(self) -> tuple[CodedNSG, LongIds]:
        """The index of this generation and its ids."""
        index, ids, _ = self._files(self.generation)
        coded, names = CodedNSG.load(index), np.load(ids)
        if names.dtype != np.int64 or names.shape != (len(coded),):
            raise ValueError(f"{ids}: expected {len(coded)} ids of 64 bits, got {names.dtype} {names.shape}")
        return coded, names

    def write(self, coded: CodedNSG, ids: LongIds) -> None:
        """Write the next generation and drop the one before."""
        before, self.generation = self._files(self.generation), self.generation + 1
        index, names, log = self._files(self.generation)
        coded.save(index)
        with names.open("wb") as file:
            np.save(file, ids)
            file.flush()
            os.fsync(file.fileno())
        unnamed = self.path / "new"
        unnamed.unlink(missing_ok=True)
        Log(unnamed).close()
        os.replace(unnamed, log)
        self.close()
        self.log = Log(log)
        for old in before:
            old.unlink(missing_ok=True)

    def added(self, names: LongIds, rows: Floats) -> None:
        """Log vectors (m, d) and their ids (m,); when this returns the disk has them."""
        assert self.log is not None
        self.log.append(ADDED, np.int64(len(names)).tobytes() + names.tobytes() + rows.tobytes())

    def deleted(self, names: LongIds) -> None:
        """Log ids that are taken out."""
        assert self.log is not None
        self.log.append(DELETED, names.tobytes())

    def changes(self) -> Iterator[tuple[LongIds, Floats | None]]:
        """The logged changes in their order: ids with their vectors, or with None where they were deleted."""
        assert self.log is not None
        for kind, content in self.log.records():
            if kind == DELETED:
                yield np.frombuffer(content, np.int64), None
                continue
            count = int(np.frombuffer(content, np.int64, 1)[0])
            if count == 0:  # written by versions that logged additions of nothing
                continue
            rows: Floats = np.frombuffer(content, np.float32, -1, 8 + 8 * count).reshape(count, -1)
            yield np.frombuffer(content, np.int64, count, 8), rows

    def close(self) -> None:
        if self.log is not None:
            self.log.close()

    def _files(self, generation: int) -> tuple[Path, Path, Path]:
        """Index, ids and log."""
        number = f"{generation:06}"
        return self.path / f"index-{number}.nsg", self.path / f"ids-{number}.npy", self.path / f"log-{number}"
