from __future__ import annotations

import gzip
import struct
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from experiments.foundation.datasets.formats import idx
from experiments.lab.errors import InputError

OVERFLOW = "0 x 4294967295 x 4294967295 x 4294967295 values are more than can be addressed."
DTYPES = st.sampled_from(["u1", "i1", "i2", "i4", "f4", "f8"]).map(np.dtype)
ARRAYS = DTYPES.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=4))
)


@settings(max_examples=60, deadline=None)
@given(values=ARRAYS, suffix=st.sampled_from([".idx", ".gz"]))
def test_every_type_and_shape_survives_writing_and_reading(values: np.ndarray, suffix: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"values{suffix}"
        idx.write_idx(path, values)
        found = idx.read_idx(path)
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)


def test_layout_is_big_endian_with_magic_2051_for_images(tmp_path: Path) -> None:
    path = tmp_path / "images"
    path.write_bytes(struct.pack(">4I", 2051, 2, 1, 3) + bytes([1, 2, 3, 4, 5, 6]))
    assert idx.read_idx(path, magic=idx.IMAGES_MAGIC).tolist() == [[[1, 2, 3]], [[4, 5, 6]]]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "truncated: an IDX file has at least 4 bytes, this one 0."),
        (b"\0\0\x08", "truncated: an IDX file has at least 4 bytes, this one 3."),
        (b"PNG!", "not an IDX file: it opens with 50 4e 47 21."),
        (b"\0\0\x08\0", "not an IDX file: it opens with 00 00 08 00."),
        (struct.pack(">5I", 0x0804, 0, *[2**32 - 1] * 3), OVERFLOW),
        (struct.pack(">66I", 0x0841, *[1] * 65) + b"a", "65 dimensions, expected at most 8."),
        (struct.pack(">2I", 2051, 7), "truncated: the header of 3 dimensions is not complete."),
        (struct.pack(">2I", 2049, 3) + b"ab", "truncated: 3 values of 1 bytes need 3 bytes, the file holds 2."),
        (struct.pack(">2I", 2049, 3) + b"abcd", "trailing bytes: 3 values of 1 bytes need 3 bytes, the file holds 4."),
    ],
)
def test_damaged_files_are_refused_with_the_reason(tmp_path: Path, content: bytes, problem: str) -> None:
    path = tmp_path / "labels"
    path.write_bytes(content)
    with pytest.raises(InputError) as raised:
        idx.read_idx(path)
    assert str(raised.value) == f"{path}: {problem}"


def test_labels_in_place_of_images_are_told_by_the_magic_number(tmp_path: Path) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    idx.write_idx(path, np.arange(5, dtype=np.uint8))
    with pytest.raises(InputError) as raised:
        idx.read_idx(path, magic=idx.IMAGES_MAGIC)
    assert str(raised.value) == f"{path}: magic number 2049, expected 2051. Is it another file under this name?"


def test_gzip_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "images.gz"
    whole = gzip.compress(struct.pack(">2I", 2049, 200) + np.random.default_rng(0).bytes(200))
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"images\.gz: (truncated|corrupt gzip|not an IDX)"):
            idx.read_idx(path)


def test_a_flipped_byte_of_gzip_is_refused_or_harmless(tmp_path: Path) -> None:
    path, values = tmp_path / "labels.gz", np.random.default_rng(0).integers(0, 10, 300).astype(np.uint8)
    idx.write_idx(path, values)
    whole, refused = path.read_bytes(), 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            np.testing.assert_array_equal(idx.read_idx(path), values)  # the name and the date in gzip's header
        except InputError:
            refused += 1
    assert refused > 0.9 * len(whole)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        idx.read_idx(tmp_path / "none")
    expected = f"{tmp_path / 'none'}: cannot be read (No such file or directory). Check the path and its permissions."
    assert str(raised.value) == expected


def test_a_type_that_idx_does_not_have_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="IDX holds uint8, int8, int16, int32, float32 or float64"):
        idx.write_idx(tmp_path / "x", np.zeros(3, dtype=np.int64))


def test_mnist_decodes_in_well_under_a_second(real_data: Callable[[str], Path]) -> None:
    folder = real_data("mnist")
    start = time.process_time()
    arrays = [idx.read_idx(path) for path in sorted(folder.glob("*-ubyte.gz"))]
    assert time.process_time() - start < 2.0  # measured 0.24 s; the slack is for a loaded machine
    assert [array.shape for array in arrays] == [(10000, 28, 28), (10000,), (60000, 28, 28), (60000,)]
