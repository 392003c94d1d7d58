"""Omniglot's archives: what is read, against torch's area average, and which members are refused before they are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from experiments.foundation.datasets.formats.omniglot import read_archive
from experiments.foundation.datasets.images import load_images
from experiments.lab.errors import InputError

NAME = "set/Greek/character01/0394_01.png"


def drawing(side: int = 105, mode: str = "1") -> bytes:
    """Black ink in the upper left quarter of white paper, as a PNG."""
    paper = np.full((side, side), 255, np.uint8)
    paper[: side // 2, : side // 2] = 0
    stream = io.BytesIO()
    Image.fromarray(paper).convert(mode).save(stream, "PNG")
    return stream.getvalue()


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_ink_is_high_and_areas_are_averaged(tmp_path: Path) -> None:
    (found,) = read_archive(archive(tmp_path / "a.zip", **{NAME: drawing()})).values()
    ink = torch.zeros(1, 1, 105, 105)
    ink[:, :, :52, :52] = 255
    four_times = ink.repeat_interleave(4, 2).repeat_interleave(4, 3)  # 420 = 15 x 28: areas without shares
    expected = torch.nn.functional.avg_pool2d(four_times, 15)[0, 0].round().to(torch.uint8)
    assert np.array_equal(found, expected.numpy())
    assert (found[0, 0], found[-1, -1]) == (255, 0)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("../../Greek/character01/0394_01.png", drawing(), "expected names such as"),
        ("set/../character01/0394_01.png", drawing(), "expected names such as"),
        ("/set/Greek/character01/0394_01.png", drawing(), "expected names such as"),
        (NAME, drawing(side=2000), "2000 x 2000 pixels of mode 1, expected 105 x 105"),
        (NAME, drawing(mode="L"), "105 x 105 pixels of mode L"),
        (NAME, b"\0" * 100_000, "of 100000 bytes, expected at most 65536"),
        (NAME, b"GIF89a", "cannot identify image file"),
        (NAME, drawing()[:60], "not readable"),
    ],
)
def test_other_members_are_refused_in_one_line(tmp_path: Path, name: str, content: bytes, problem: str) -> None:
    path = archive(tmp_path / "a.zip", **{name: content})
    with pytest.raises(InputError) as raised:
        read_archive(path)
    assert str(raised.value).startswith(f"{path}: not readable as drawings of Omniglot (")
    assert problem in str(raised.value)
    assert len(raised.value.problems) == 1


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(InputError, match="not readable as drawings of Omniglot"):
        read_archive(tmp_path / "a.zip")


def test_an_understated_size_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{NAME: drawing()})
    stated = len(drawing()).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(stated, (20).to_bytes(4, "little")))
    with pytest.raises(InputError, match="not readable as drawings of Omniglot"):
        read_archive(path)


def test_people_of_the_test_part_drew_nothing_for_training(
    real_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLNOTES_DATA", str(real_data("omniglot").parent))
    data, other = load_images("omniglot", seed=0), load_images("omniglot", seed=1)
    assert data.train_images.shape == (242 * 16, 28, 28)
    assert data.test_images.shape == (242 * 4, 28, 28)
    assert np.array_equal(np.bincount(data.test_labels), np.full(242, 4))
    assert data.classes[data.train_labels[0]] == "Balinese/character01"
    assert not np.array_equal(data.test_images, other.test_images)
