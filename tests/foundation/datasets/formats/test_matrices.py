from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from experiments.foundation.datasets.formats.matrices import read_ann_benchmark, read_csv_matrix, read_npy
from experiments.lab.errors import InputError


def write_hdf5(path: Path, distance: str | None = "euclidean", **arrays: np.ndarray) -> Path:
    with h5py.File(path, "w") as file:
        for name, values in arrays.items():
            file[name] = values
        if distance is not None:
            file.attrs["distance"] = distance
    return path


def test_npy_is_mapped_and_not_loaded(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(5, 3))
    np.save(tmp_path / "x.npy", values)
    found = read_npy(tmp_path / "x.npy")
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("values", [np.zeros(3), np.zeros((2, 2), dtype=complex), np.array([["a"]])])
def test_npy_that_is_no_matrix_of_numbers_is_refused(tmp_path: Path, values: np.ndarray) -> None:
    path = tmp_path / "x.npy"
    np.save(path, values)
    with pytest.raises(InputError) as raised:
        read_npy(path)
    told = f"expected the array to be a matrix of numbers (n, d), found {values.dtype} of shape {values.shape}."
    assert str(raised.value) == f"{path}: {told}"


def test_npy_of_python_2_is_read_without_a_word(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.arange(6.0).reshape(2, 3))
    header = path.read_bytes()
    path.write_bytes(header.replace(b"(2, 3), } ", b"(2L, 3L),}"))
    assert read_npy(path).tolist() == [[0, 1, 2], [3, 4, 5]]


def test_npy_with_pickled_objects_is_not_unpickled(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([[{"a": 1}]], dtype=object), allow_pickle=True)
    with pytest.raises(InputError, match=r"expected the array to be a matrix of numbers .*, found object"):
        read_npy(tmp_path / "x.npy")


def test_npy_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npy"
    np.save(path, np.ones((3, 2)))
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"x\.npy"):
            read_npy(path)


@pytest.mark.parametrize("header", ["", "x,y\n", "\ufeffx,y\n"])
def test_csv_reads_with_and_without_a_header(tmp_path: Path, header: str) -> None:
    (tmp_path / "x.csv").write_text(f"{header}1,2\n\n3.5,-4e1\n", encoding="utf-8")
    assert read_csv_matrix(tmp_path / "x.csv").tolist() == [[1.0, 2.0], [3.5, -40.0]]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty: expected rows of comma-separated numbers."),
        ("x,y\n", "empty: expected rows of comma-separated numbers."),
        ("1,2\n3,four\n", "line 2: 'four' is no finite number."),
        ("1,2\n\n3\n", "line 3: 1 numbers, expected 2 as in line 1."),
        ("x,y\n1,2\n3,inf\n", "line 3: 'inf' is no finite number."),
        (",x,y\n0,1,2\n", "the first column has no name; is it an index? Save the numbers without it."),
    ],
)
def test_csv_that_is_no_matrix_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read_csv_matrix(path)
    assert str(raised.value).startswith(f"{path}: {problem}")


def test_binary_in_place_of_csv_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(InputError, match="not a text in UTF-8"):
        read_csv_matrix(tmp_path / "x.csv")


@pytest.mark.parametrize(("distance", "metric"), [("euclidean", "l2"), ("angular", "cosine"), (None, "l2")])
def test_hdf5_gives_vectors_neighbors_and_metric(tmp_path: Path, distance: str | None, metric: str) -> None:
    rng = np.random.default_rng(0)
    base, queries = rng.normal(size=(9, 4)).astype("f4"), rng.normal(size=(2, 4)).astype("f4")
    ids = np.array([[1, 2], [0, 8]], dtype=np.int32)
    found = read_ann_benchmark(
        write_hdf5(tmp_path / "x.hdf5", distance, train=base, test=queries, neighbors=ids, distances=ids * 1.0)
    )
    np.testing.assert_array_equal(found.base, base)
    np.testing.assert_array_equal(found.queries, queries)
    np.testing.assert_array_equal(found.neighbors, ids)
    assert found.metric == metric


def test_hdf5_without_train_says_what_it_has(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "x.hdf5", test=np.ones((2, 2)), base=np.ones((3, 2)))
    with pytest.raises(InputError) as raised:
        read_ann_benchmark(path)
    assert str(raised.value) == f"{path}: no data set 'train'; it has ['base', 'test']."


def test_hdf5_of_another_distance_is_refused(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "x.hdf5", "hamming", train=np.ones((2, 2)), test=np.ones((1, 2)))
    with pytest.raises(InputError) as raised:
        read_ann_benchmark(path)
    assert str(raised.value) == f"{path}: distance 'hamming' is not supported, only euclidean and angular."


def test_hdf5_cut_off_is_refused(tmp_path: Path) -> None:
    path = write_hdf5(tmp_path / "x.hdf5", train=np.ones((50, 8)), test=np.ones((5, 8)))
    whole = path.read_bytes()
    for length in (0, 1, 8, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(InputError, match="not a readable HDF5 file"):
            read_ann_benchmark(path)


def header_of(shape: str, descr: str = "'<f4'") -> bytes:
    """A .npy file with nothing but its header."""
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header


@pytest.mark.parametrize(
    ("shape", "problem"),
    [
        ("(1000000000, 10000)", "truncated: 1000000000 x 10000 values of 4 bytes need 40000000000000 bytes"),
        (f"({10**30}, 2)", "expected the array to be a matrix of numbers (n, d), found float32 of shape"),
        ("(True, 2)", "expected the array to be a matrix of numbers (n, d), found float32 of shape (True, 2)."),
        ("(-1, 2)", "expected the array to be a matrix of numbers (n, d), found float32 of shape (-1, 2)."),
        ("[" * 900, "not a .npy file of numbers ("),
    ],
)
def test_sizes_that_a_npy_header_claims_are_held_against_the_file(tmp_path: Path, shape: str, problem: str) -> None:
    path = tmp_path / "x.npy"
    path.write_bytes(header_of(shape))
    with pytest.raises(InputError) as raised:
        read_npy(path)
    assert str(raised.value).startswith(f"{path}: {problem}")
    assert len(str(raised.value)) < len(str(path)) + 200


def test_npy_by_columns_and_of_half_precision_reads_as_numpy_does(tmp_path: Path) -> None:
    values = np.asfortranarray(np.arange(12).reshape(4, 3).astype(np.float16))
    np.save(tmp_path / "x.npy", values)
    np.testing.assert_array_equal(read_npy(tmp_path / "x.npy"), values)


def hostile(path: Path, kind: str) -> Path:
    """An ann-benchmarks file whose ``train`` is not what it seems."""
    with h5py.File(path, "w") as file:
        file["test"] = np.ones((1, 2))
        if kind == "link":
            file["train"] = h5py.ExternalLink("other.hdf5", "train")
        elif kind == "group":
            file.create_group("train")
        elif kind == "empty":
            file["train"] = h5py.Empty("f4")
        elif kind == "outside":
            (path.parent / "secret").write_bytes(b"x" * 16)
            file.create_dataset("train", (2, 2), "f4", external=[(str(path.parent / "secret"), 0, 16)])
        elif kind == "huge":
            file.create_dataset("train", (10**9, 10**4), "f4", chunks=(100, 100))
    return path


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        ("link", "'train' is a link to somewhere else; refused."),
        ("group", "'train' is a group, expected a data set."),
        ("empty", "expected train to be a matrix of numbers (n, d), found float32 of shape None."),
        ("outside", "the numbers of 'train' lie in another file; refused."),
        ("huge", "'train' claims 40000000000000 bytes, but 0 are stored; the file is damaged."),
    ],
)
def test_hdf5_that_is_not_what_it_seems_is_refused(tmp_path: Path, kind: str, problem: str) -> None:
    path = hostile(tmp_path / "x.hdf5", kind)
    with pytest.raises(InputError) as raised:
        read_ann_benchmark(path)
    assert str(raised.value) == f"{path}: {problem}"


@pytest.mark.parametrize("place", ["/dev/zero", "."])
def test_a_device_or_a_folder_is_no_file(place: str) -> None:
    for read in (read_npy, read_csv_matrix, read_ann_benchmark):
        with pytest.raises(InputError, match=r"expected a file, found a (folder|device or pipe)"):
            read(Path(place))
