"""Every entry is complete, and its reader gives what its kind promises."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from experiments.foundation.datasets import catalog
from experiments.foundation.datasets.annotated import load_objects
from experiments.foundation.datasets.catalog import DATASETS, entries, entry
from experiments.foundation.datasets.entries import Dataset, ImageSet, Kind, VectorSet
from experiments.foundation.datasets.formats.idx import write_idx
from experiments.foundation.datasets.image_downloads import CIFAR_BINARY, IDX_FILES
from experiments.foundation.datasets.images import load_images, load_photo
from experiments.foundation.datasets.storage import store
from experiments.foundation.datasets.tables import load_table
from experiments.foundation.datasets.texts import load_text
from experiments.foundation.datasets.vectors import load_vectors
from experiments.lab.errors import InputError

LOADERS: dict[Kind, Callable[[str], Any]] = {
    "images": lambda name: load_images(name, seed=0),
    "photographs": load_photo,
    "vectors": lambda name: load_vectors(name, n=50, n_queries=5, dim=4, intrinsic_dim=2, seed=0),
    "tables": load_table,
    "detections": load_objects,
    "text": load_text,
}
each_entry = pytest.mark.parametrize("name", DATASETS)


@each_entry
def test_an_entry_is_complete(name: str) -> None:
    found = DATASETS[name]
    assert found.name == name
    assert found.license
    assert found.source
    assert ": " in found.title
    assert found.kind in get_args(Kind)
    promised = {file for download in found.downloads for file in (download.members or (download.name,))}
    if found.downloads:
        assert promised == set(found.layouts[0]), "what is fetched is not what is looked for"
        assert found.size == sum(file.size for file in found.downloads)
    assert found.embedded == (found.layouts == ())


@each_entry
def test_an_entry_loads_or_says_what_is_missing(name: str, data_folder: Path) -> None:
    load = LOADERS[DATASETS[name].kind]
    if DATASETS[name].embedded:
        assert load(name) is not None
        return
    with pytest.raises(InputError) as raised:
        load(name)
    assert str(raised.value).startswith(f"{name} is not under {data_folder}")


@each_entry
def test_real_data_load_by_name_alone(name: str, real_data: Callable[[str], Path], data_folder: Path) -> None:
    found = DATASETS[name]
    root = real_data("mnist").parent
    for folder in root.iterdir():
        os.symlink(folder, data_folder / folder.name)
    if not found.embedded and store.locate(name) is None:
        pytest.skip(f"real data: no {name} under {root}")
    assert LOADERS[found.kind](name) is not None


def test_gray_images_are_those_that_are_searched_as_vectors() -> None:
    assert all(found.gray == (found.as_vectors is not None) for found in entries(ImageSet).values())


def test_entries_are_of_one_kind_and_in_order() -> None:
    assert list(entries(ImageSet)) == ["cifar10", "digits", "fashion", "mnist", "omniglot"]
    assert list(entries(Dataset)) == sorted(DATASETS)
    assert entry("sift1m", VectorSet) is DATASETS["sift1m"]


def test_a_new_image_set_is_one_entry(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    added = replace(entry("mnist", ImageSet), name="kuzushiji", title="Kuzushiji: characters", classes=("o", "ki"))
    monkeypatch.setitem(catalog.DATASETS, "kuzushiji", added)
    (data_folder / "kuzushiji").mkdir()
    for name, shape in zip(IDX_FILES, [(4, 3, 3), (4,), (2, 3, 3), (2,)], strict=True):
        write_idx(data_folder / "kuzushiji" / name, np.ones(shape, np.uint8))
    data = load_images("kuzushiji", seed=0)
    assert (data.name, data.classes, data.train_images.shape) == ("kuzushiji", ("o", "ki"), (4, 3, 3))
    assert data.description == "Kuzushiji, 3 x 3: 4 for training, 2 for test"


def test_a_name_of_another_kind_is_unknown() -> None:
    with pytest.raises(InputError) as raised:
        entry("wine", ImageSet)
    assert str(raised.value) == "unknown image data set wine: expected one of cifar10, digits, fashion, mnist, omniglot"


def test_files_come_in_the_order_in_which_they_are_read() -> None:
    assert IDX_FILES == (
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    )
    assert CIFAR_BINARY[-1] == "test_batch.bin"
