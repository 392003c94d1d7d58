from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments.foundation.datasets.formats.vecs import write_vecs
from experiments.foundation.datasets.storage.structure import structural_fault


def test_a_sound_file_has_no_fault(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.ones((2, 2)))
    write_vecs(tmp_path / "x.fvecs", np.ones((2, 2)))
    (tmp_path / "x.txt").write_text("text")
    assert [structural_fault(path) for path in sorted(tmp_path.iterdir())] == [None, None, None]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("x.npy", "not a .npy file"),
        ("x.fvecs", "row 0 says dimension"),
        ("x.hdf5", "not a readable HDF5 file"),
        ("x.bin", "10 bytes are not a whole number of records"),
        ("x.json", "not JSON"),
        ("x.txt", "not a text in UTF-8"),
        ("test_batch", "not a CIFAR-10 batch"),
    ],
)
def test_a_damaged_file_is_told_by_its_reader(tmp_path: Path, name: str, fault: str) -> None:
    (tmp_path / name).write_bytes(b"\xff" * 10)
    found = structural_fault(tmp_path / name)
    assert found is not None
    assert found.startswith(fault)


def test_a_folder_is_one_of_xml(tmp_path: Path) -> None:
    assert structural_fault(tmp_path) == "no .xml file in this folder."
