from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from experiments.foundation.datasets.formats.cifar import read_cifar_binary, read_cifar_pickle
from experiments.lab.errors import InputError


def records(n: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Images (n, 32, 32, 3) and labels of random bytes."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (n, 32, 32, 3)).astype(np.uint8), rng.integers(0, 10, n)


def rows_of(images: np.ndarray) -> np.ndarray:
    """The format's order: all red, then all green, then all blue."""
    return np.stack([np.concatenate([image[..., channel].ravel() for channel in range(3)]) for image in images])


def test_binary_records_are_label_then_planes(tmp_path: Path) -> None:
    images, labels = records()
    path = tmp_path / "data_batch_1.bin"
    path.write_bytes(b"".join(bytes([y]) + row.tobytes() for y, row in zip(labels, rows_of(images), strict=True)))
    found, found_labels = read_cifar_binary(path)
    np.testing.assert_array_equal(found, images)
    np.testing.assert_array_equal(found_labels, labels)


@pytest.mark.parametrize("protocol", [2, 4])
@pytest.mark.parametrize("as_bytes", [True, False])
def test_pickled_batches_read_the_same(tmp_path: Path, protocol: int, as_bytes: bool) -> None:
    images, labels = records()
    keys = (b"data", b"labels") if as_bytes else ("data", "labels")
    path = tmp_path / "data_batch_1"
    path.write_bytes(pickle.dumps(dict(zip(keys, (rows_of(images), labels.tolist()), strict=True)), protocol))
    found, found_labels = read_cifar_pickle(path)
    np.testing.assert_array_equal(found, images)
    np.testing.assert_array_equal(found_labels, labels)


def test_pickle_written_by_python_2_is_read(tmp_path: Path) -> None:
    """As the originals are: protocol 2, byte strings, and numpy.core's old name."""
    images, labels = records(1)
    pickled = pickle.dumps({b"data": rows_of(images), b"labels": labels.tolist()}, 2)
    old = pickled.replace(b"cnumpy._core.multiarray", b"cnumpy.core.multiarray")
    assert old != pickled
    (tmp_path / "batch").write_bytes(old)
    np.testing.assert_array_equal(read_cifar_pickle(tmp_path / "batch")[0], images)


def test_an_array_pickled_by_columns_reads_the_same(tmp_path: Path) -> None:
    images, labels = records()
    batch = {"data": np.asfortranarray(rows_of(images)), "labels": labels.tolist()}
    (tmp_path / "batch").write_bytes(pickle.dumps(batch, 4))
    np.testing.assert_array_equal(read_cifar_pickle(tmp_path / "batch")[0], images)


class Malicious:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("owned",)


def test_a_pickle_that_would_run_code_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "data_batch_1"
    path.write_bytes(pickle.dumps({"data": Malicious()}))
    with pytest.raises(InputError) as raised:
        read_cifar_pickle(path)
    told = f"not a CIFAR-10 batch: it asks for {os.mkdir.__module__}.mkdir, and only arrays are let through."
    assert str(raised.value) == f"{path}: {told}"
    assert not Path("owned").exists()


@pytest.mark.parametrize(
    ("batch", "problem"),
    [
        ([1], "not a CIFAR-10 batch: expected a dictionary, found list."),
        ({"data": [1]}, "expected 'data' as uint8 of shape (n, 3072)."),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": [1]}, "expected 'labels' as a list of 2 integers."),
        ({"data": np.zeros((2, 3072), np.uint8), "labels": [1, 10]}, "label 10 in record 1, expected 0 to 9."),
    ],
)
def test_pickles_of_another_shape_are_told(tmp_path: Path, batch: object, problem: str) -> None:
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps(batch))
    with pytest.raises(InputError) as raised:
        read_cifar_pickle(path)
    assert str(raised.value) == f"{path}: {problem}"


def test_a_pickle_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole = pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "labels": [3]})
    for length in range(0, len(whole), 31):
        (tmp_path / "batch").write_bytes(whole[:length])
        with pytest.raises(InputError, match="not a CIFAR-10 batch"):
            read_cifar_pickle(tmp_path / "batch")


@pytest.mark.parametrize("size", [0, 1, 3072, 3074])
def test_binary_of_another_length_is_refused(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x.bin"
    path.write_bytes(bytes(size))
    with pytest.raises(InputError) as raised:
        read_cifar_binary(path)
    assert str(raised.value) == f"{path}: {size} bytes are not a whole number of records of 3073 bytes."
