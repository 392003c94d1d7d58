from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from experiments.foundation.datasets.formats.files import read_bytes, read_text
from experiments.lab.errors import InputError


def test_gzip_is_known_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "plain.gz").write_bytes(b"text")
    (tmp_path / "packed.txt").write_bytes(gzip.compress("ü\r\n".encode()))
    assert read_bytes(tmp_path / "plain.gz") == b"text"
    assert read_text(tmp_path / "packed.txt") == "ü\r\n"


@pytest.mark.parametrize("damage", [slice(None, -3), slice(None, 12)])
def test_gzip_that_is_cut_off_is_refused(tmp_path: Path, damage: slice) -> None:
    (tmp_path / "x").write_bytes(gzip.compress(b"a longer text" * 9)[damage])
    with pytest.raises(InputError, match=r"x: corrupt gzip \(.*\)\. Fetch the file again\."):
        read_bytes(tmp_path / "x")


def test_a_file_that_is_not_there_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        read_bytes(tmp_path / "x")
    reason = "cannot be read (No such file or directory). Check the path and its permissions."
    assert str(raised.value) == f"{tmp_path / 'x'}: {reason}"
