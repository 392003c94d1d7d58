"""Every reader, fed with damaged bytes: the right values or one line that names the file, never anything else."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experiments.lab.errors import InputError
from tests.foundation.datasets.small_files import BY_LINES, FORMATS


def plain(value: object) -> object:
    """Arrays, dataclasses and tuples as what can be compared."""
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, value.tolist()
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}  # type: ignore[arg-type]
    return tuple(map(plain, value)) if isinstance(value, tuple) else value


def read_or_told(name: str, folder: Path, content: bytes) -> object:
    """What the reader makes of the content; None where it refuses it, in lines that a terminal can print."""
    file, _, read = FORMATS[name]
    path = folder / file
    path.write_bytes(content)
    try:
        return plain(read(path))
    except InputError as error:
        problems = error.problems
    assert problems
    assert all(line.removeprefix("data=").startswith(str(path)) for line in problems)
    assert all(len(line) < len(str(path)) + 400 for line in problems)
    assert all("\n" not in line for line in problems)
    return None


def damaged(content: bytes, data: st.DataObject) -> bytes:
    """The content with a flipped bit, cut off, with a hole, or with something in between."""
    place = data.draw(st.integers(0, max(0, len(content) - 1)))
    kind = data.draw(st.sampled_from(["flip", "cut", "hole", "insert", "huge"]))
    if kind == "flip":
        return content[:place] + bytes([content[place] ^ 1 << data.draw(st.integers(0, 7))]) + content[place + 1 :]
    if kind == "cut":
        return content[:place]
    if kind == "hole":
        return content[:place] + bytes(4) + content[place + 4 :]
    return content[:place] + (b"\xff" * 4 if kind == "huge" else data.draw(st.binary(max_size=6))) + content[place:]


QUICK = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(data=st.data())
@pytest.mark.parametrize("name", FORMATS)
def test_damaged_bytes_are_read_or_told(name: str, tmp_path: Path, data: st.DataObject) -> None:
    read_or_told(name, tmp_path, damaged(FORMATS[name][1], data))


@pytest.mark.slow
@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.parametrize("name", FORMATS)
def test_many_damaged_bytes_are_read_or_told(name: str, tmp_path: Path, data: st.DataObject) -> None:
    read_or_told(name, tmp_path, damaged(FORMATS[name][1], data))


@pytest.mark.parametrize("name", FORMATS)
def test_every_cut_is_told_and_never_a_shorter_file(name: str, tmp_path: Path) -> None:
    content = FORMATS[name][1]
    whole = read_or_told(name, tmp_path, content)
    assert whole is not None
    for length in range(0, len(content), max(1, len(content) // 60)):
        found = read_or_told(name, tmp_path, content[:length])
        assert found in (None, whole) or name in BY_LINES or name.endswith("vecs") or name == "cifar"
