from __future__ import annotations

import gzip
import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from experiments.foundation.datasets.formats import image_files
from experiments.foundation.datasets.formats.idx import write_idx
from experiments.foundation.datasets.image_downloads import CIFAR_BINARY, CIFAR_PICKLES, IDX_FILES
from experiments.foundation.datasets.images import load_images, load_photo
from experiments.foundation.datasets.storage import network
from experiments.lab.errors import InputError


def write_small_mnist(folder: Path, *, labels: int = 6, side: int = 5) -> None:
    """Four IDX files of random pixels: 6 images for training, 2 for test."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    write_idx(folder / IDX_FILES[0], rng.integers(0, 256, (6, 5, 5)).astype(np.uint8))
    write_idx(folder / IDX_FILES[1], (np.arange(labels) % 10).astype(np.uint8))
    write_idx(folder / IDX_FILES[2], rng.integers(0, 256, (2, side, side)).astype(np.uint8))
    write_idx(folder / IDX_FILES[3], np.array([7, 9], dtype=np.uint8))


def test_digits_are_scikit_learns_split_by_seed() -> None:
    data = load_images("digits", seed=3)
    assert data.train_images.shape == (1437, 8, 8)
    assert data.test_images.shape == (360, 8, 8)
    assert data.description == (
        "digits of scikit-learn, 8 x 8, values 0 to 16: 1437 for training, 360 for test, stratified split by seed 3"
    )
    both = np.concatenate([data.train_images, data.test_images]).reshape(1797, -1)
    np.testing.assert_array_equal(both[np.lexsort(both.T)], load_digits().data[np.lexsort(load_digits().data.T)])
    assert data.max_value == both.max() == 16


def test_digits_keep_the_share_of_every_class_and_follow_the_seed() -> None:
    first, again, other = (load_images("digits", seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.test_images, again.test_images)
    assert not np.array_equal(first.test_images, other.test_images)
    expected = np.bincount(load_digits().target) * 360 / 1797
    assert np.abs(np.bincount(first.test_labels) - expected).max() < 1


def test_mnist_is_the_official_one(real_data: Callable[[str], Path], data_folder: Path) -> None:
    os.symlink(real_data("mnist"), data_folder / "mnist")
    data = load_images("mnist", seed=0)
    assert data.train_images.shape == (60000, 28, 28)
    assert data.train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert data.test_labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert round(float(data.train_images.mean() / 255), 4) == 0.1307  # the constant by which everyone normalizes


def test_arrays_belong_to_the_caller(data_folder: Path) -> None:
    write_small_mnist(data_folder / "mnist")
    load_images("mnist", seed=0).train_images[:] = 0
    assert load_images("mnist", seed=0).train_images.any()


def test_fashion_has_its_own_class_names(data_folder: Path) -> None:
    write_small_mnist(data_folder / "fashion")
    data = load_images("fashion", seed=0)
    assert data.classes[9] == "Ankle boot"
    assert data.description == "Fashion-MNIST, 5 x 5: 6 for training, 2 for test"


def test_a_named_set_is_never_replaced(data_folder: Path) -> None:
    with pytest.raises(InputError, match="Run `mlnotes data fetch fashion`"):
        load_images("fashion", seed=0)


def test_an_unknown_name_is_one_line() -> None:
    with pytest.raises(InputError) as raised:
        load_images("cifar", seed=0)
    assert str(raised.value) == "unknown image data set cifar: did you mean cifar10?"


def test_a_name_like_no_other_is_answered_with_all() -> None:
    with pytest.raises(InputError) as raised:
        load_images("wine", seed=0)
    told = "unknown image data set wine: expected one of auto, cifar10, digits, fashion, mnist, omniglot"
    assert str(raised.value) == told


@pytest.mark.parametrize(("damage", "problem"), [({"labels": 5}, "6 images, but"), ({"side": 4}, "differ in shape")])
def test_files_that_do_not_belong_together_are_refused(data_folder: Path, damage: dict[str, int], problem: str) -> None:
    write_small_mnist(data_folder / "mnist", **damage)
    with pytest.raises(InputError, match=problem):
        load_images("mnist", seed=0)


def test_auto_takes_mnist_where_it_is_and_says_so(data_folder: Path) -> None:
    write_small_mnist(data_folder / "mnist")
    data = load_images("auto", seed=0)
    assert data.name == "mnist"
    assert data.description == "MNIST, 5 x 5: 6 for training, 2 for test; chosen because MNIST is there"


def test_auto_takes_digits_where_mnist_is_not_and_says_why(data_folder: Path) -> None:
    data = load_images("auto", seed=0, allow_fetch=False)
    assert data.name == "digits"
    assert data.description.endswith("the embedded set, because MNIST is not there (fetching was not allowed)")


def test_auto_without_a_network_waits_once(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(network, "_answers", lambda url: bool(asked.append(url)))
    first, second = (load_images("auto", seed=0) for _ in range(2))
    assert len(asked) == 1
    assert first.name == second.name == "digits"
    assert "ossci-datasets.s3.amazonaws.com cannot be reached" in first.description
    assert "no network a short while ago" in second.description


def test_both_versions_of_cifar10_give_the_same_arrays(data_folder: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    found = []
    for names in (CIFAR_BINARY, CIFAR_PICKLES):
        rng = np.random.default_rng(0)
        folder = data_folder / "cifar10"
        folder.mkdir(exist_ok=True)
        for name in names:
            rows, labels = rng.integers(0, 256, (2, 3072)).astype(np.uint8), rng.integers(0, 10, 2)
            binary = np.column_stack([labels.astype(np.uint8), rows]).tobytes()
            pickled = pickle.dumps({"data": rows, "labels": labels.tolist()})
            (folder / name).write_bytes(binary if name.endswith(".bin") else pickled)
        found.append(load_images("cifar10", seed=0))
        folder.rename(tmp_path / names[0])
    assert found[0].train_images.shape == (10, 32, 32, 3)
    np.testing.assert_array_equal(found[0].train_images, found[1].train_images)
    np.testing.assert_array_equal(found[0].test_labels, found[1].test_labels)


def test_fashion_is_the_official_one(real_data: Callable[[str], Path], data_folder: Path) -> None:
    os.symlink(real_data("fashion-mnist"), data_folder / "fashion-mnist")
    data = load_images("fashion", seed=0)
    assert data.train_images.shape == (60000, 28, 28)
    assert [data.classes[label] for label in data.train_labels[:3]] == ["Ankle boot", "T-shirt/top", "T-shirt/top"]
    assert np.bincount(data.test_labels).tolist() == [1000] * 10
    assert round(float(data.train_images.mean() / 255), 4) == 0.2860  # the constant by which everyone normalizes


def test_mnist_is_what_other_readers_of_idx_see(real_data: Callable[[str], Path], data_folder: Path) -> None:
    os.symlink(real_data("mnist"), data_folder / "mnist")
    plain = gzip.decompress((real_data("mnist") / IDX_FILES[2]).read_bytes())[16:]
    np.testing.assert_array_equal(load_images("mnist", seed=0).test_images.ravel(), np.frombuffer(plain, np.uint8))


def test_an_unknown_photograph_is_one_line() -> None:
    with pytest.raises(InputError, match=r"^unknown photograph mnist: expected one of china, flower$"):
        load_photo("mnist")


@pytest.mark.parametrize("name", ["china", "flower"])
def test_photographs_are_color_images(name: str) -> None:
    photo = load_photo(name)
    assert photo.shape == (427, 640, 3)
    assert photo.dtype == np.uint8


def test_loading_mnist_costs_less_than_a_second(real_data: Callable[[str], Path], data_folder: Path) -> None:
    os.symlink(real_data("mnist"), data_folder / "mnist")
    image_files._from_idx.cache_clear()
    start = time.process_time()
    load_images("mnist", seed=0)
    assert time.process_time() - start < 2.0  # measured 0.25 s; the slack is for a loaded machine
