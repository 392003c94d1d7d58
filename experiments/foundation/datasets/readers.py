"""The readers that entries of the catalogue name: each imports its module when it is called, and calls it.

Written once per format and not per data set, so a new set in a known format needs an entry alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from experiments.foundation.datasets.entries import Files, ImageSet
    from experiments.foundation.datasets.formats.coco import Instances
    from experiments.foundation.datasets.formats.image_files import ImageData, Images
    from experiments.foundation.datasets.formats.sklearn_sets import TableData
    from experiments.foundation.datasets.formats.vector_files import VectorFiles


def idx_images(entry: ImageSet, files: Files, seed: int) -> ImageData:
    """Four IDX files, in MNIST's order."""
    from experiments.foundation.datasets.formats.image_files import read_idx_images

    return read_idx_images(files, entry.name, entry.title.partition(":")[0], entry.classes)


def cifar_images(entry: ImageSet, files: Files, seed: int) -> ImageData:
    """CIFAR-10's batches, the last one for test."""
    from experiments.foundation.datasets.formats.image_files import read_cifar_images

    return read_cifar_images(files, entry.name, entry.title.partition(":")[0], entry.classes)


def digit_images(entry: ImageSet, files: Files, seed: int) -> ImageData:
    """The digits of scikit-learn, split by the seed."""
    from experiments.foundation.datasets.formats.sklearn_sets import digit_images

    return digit_images(seed, entry.classes)


def character_images(entry: ImageSet, files: Files, seed: int) -> ImageData:
    """Omniglot's archives, split by the seed; their classes are named in them."""
    from experiments.foundation.datasets.formats import omniglot

    return omniglot.character_images(files, entry.name, entry.title.partition(":")[0], seed)


def character_vectors(files: Files) -> VectorFiles:
    """The pixels of Omniglot's characters, without queries."""
    from experiments.foundation.datasets.formats import omniglot

    return omniglot.character_vectors(files)


def idx_vectors(files: Files) -> VectorFiles:
    """The pixels of four IDX files: training images as the base, test images as queries."""
    from experiments.foundation.datasets.formats.image_files import read_idx_vectors

    return read_idx_vectors(files)


def digit_vectors(files: Files) -> VectorFiles:
    """The pixels of scikit-learn's digits, without queries."""
    from experiments.foundation.datasets.formats.sklearn_sets import digit_vectors

    return digit_vectors()


def photo(name: str) -> Images:
    """A photograph of scikit-learn."""
    from experiments.foundation.datasets.formats.sklearn_sets import read_photo

    return read_photo(name)


def table(name: str) -> TableData:
    """A table of scikit-learn."""
    from experiments.foundation.datasets.formats.sklearn_sets import read_table

    return read_table(name)


def vectors(files: Files) -> VectorFiles:
    """One ann-benchmarks file, or base, queries and, where there is a third file, ground truth."""
    from experiments.foundation.datasets.formats.vector_files import read_set

    return read_set(files)


def uniform(n: int, dim: int, intrinsic_dim: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """``generators.uniform``."""
    from experiments.foundation.datasets import generators

    return generators.uniform(n, dim, rng)


def gauss(n: int, dim: int, intrinsic_dim: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """``generators.gauss``."""
    from experiments.foundation.datasets import generators

    return generators.gauss(n, dim, rng)


def clustered(n: int, dim: int, intrinsic_dim: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """``generators.clustered``."""
    from experiments.foundation.datasets import generators

    return generators.clustered(n, dim, intrinsic_dim, rng)


def coco_objects(files: Files) -> Instances:
    """One instances file of COCO."""
    from experiments.foundation.datasets.formats.coco import load_instances

    return load_instances(files[0])


def voc_objects(files: Files) -> Instances:
    """One folder of VOC's xml."""
    from experiments.foundation.datasets.formats.voc import as_instances, load_voc

    return as_instances(load_voc(files[0]))


def text(files: Files) -> str:
    """One text file in UTF-8."""
    from experiments.foundation.datasets.formats.files import read_text

    return read_text(files[0])


def python_help(files: Files) -> str:
    """The help texts that come with Python, in alphabetical order and every paragraph once: its pages share many.

    They differ from version to version.
    """
    from pydoc_data.topics import topics

    from experiments.foundation.datasets.formats.files import paragraphs_once

    return paragraphs_once("\n\n".join(topics[name] for name in sorted(topics)).encode()).decode()
