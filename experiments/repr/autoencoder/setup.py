"""What repr.autoencoder can be asked, the vectors, and the autoencoders that its parts share."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from experiments.repr.core.autoencoders import Recipe, TrainedAutoencoder
    from experiments.repr.core.pca import PCA

Floats = NDArray[np.float64]
Size = Annotated[int, Field(ge=1, le=100_000)]
FEWEST_ROWS = 30


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    data: Path | None = None
    """Vectors of yours instead, a row each: FILE.npy, .csv, .fvecs, .bvecs or .hdf5, used whole and measured once."""
    k: Annotated[tuple[Size, ...], Field(min_length=1)] = (2, 8)
    """Numbers in a code; of your vectors, those below their dimension."""
    hidden: tuple[Size, ...] = (32,)
    """Units from the input to the code; the decoder mirrors them."""
    train_images: Annotated[int, Field(ge=FEWEST_ROWS, le=60_000)] = 400
    """Training images."""
    validation_images: Annotated[int, Field(ge=10, le=60_000)] = 100
    """Images by which the learning rate is chosen."""
    test_images: Annotated[int, Field(ge=10, le=60_000)] = 300
    """Test images."""
    steps: Size = 60
    """Updates of Adam for every network."""
    batch_size: Size = 64
    """Vectors per update."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=3)] = (1e-3, 3e-3, 1e-2)
    """Learning rates; at the middle k all are tried, and validation chooses one for every autoencoder."""
    linear_k: Annotated[tuple[Size, ...], Field(min_length=1)] = (2,)
    """Numbers in the codes of the linear autoencoders."""
    linear_steps: Size = 300
    """Updates of L-BFGS for every linear autoencoder."""
    penalty: Annotated[float, Field(gt=0, le=0.01)] = 1e-3
    """Of the linear autoencoders with one: lambda over the variance of a vector."""
    sigma: Annotated[tuple[Annotated[float, Field(gt=0, le=2)], ...], Field(min_length=1)] = (0.3, 0.6)
    """Deviation of the noise on pixels in [0, 1]."""
    unet_lr: Annotated[float, Field(gt=0, le=1)] = 1e-2
    """Adam's largest learning rate for the U-Net, the better of 0.003 and 0.01 on other seeds."""
    heldout: Annotated[tuple[Annotated[int, Field(ge=0, le=9)], ...], Field(min_length=1)] = (1, 4)
    """Classes that are left out of training one by one, to be found as anomalies."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Random Gaussians on which Wiener's filter is tried."""


@dataclass(frozen=True, kw_only=True)
class Vectors(Setup[Params]):
    """Vectors (n, d) to train on, to choose by, and to measure on; labels (n,) of images alone."""

    name: str
    train: Floats
    validation: Floats
    test: Floats
    train_labels: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    test_labels: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    own_rows: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """Where test, validation and training vectors stand, in this order, in the user's file."""

    @property
    def sizes(self) -> tuple[int, ...]:
        """Numbers in a code, rising."""
        return tuple(k for k in sorted({*self.params.k}) if k < self.train.shape[1])

    @property
    def tuned_size(self) -> int:
        """The k at which the learning rate is chosen."""
        return self.sizes[len(self.sizes) // 2]

    @once
    def pca(self) -> PCA:
        from experiments.repr.core.pca import PCA

        return PCA.fit(self.train)

    def recipe(self, lr: float) -> Recipe:
        from experiments.repr.core.autoencoders import Recipe

        asked = self.params
        return Recipe(hidden=asked.hidden, steps=asked.steps, batch_size=asked.batch_size, lr=lr)

    @once
    def trained(self, k: int, lr: float) -> TrainedAutoencoder:
        """The autoencoder of ``k`` numbers at that rate."""
        from experiments.repr.core.autoencoders import train_autoencoder

        return train_autoencoder(self.train, k, self.recipe(lr), self.seed)

    def validation_error(self, k: int, lr: float) -> float:
        """Mean squared error per number on the validation vectors."""
        return mean_squared(self.trained(k, lr).reconstruct(self.validation), self.validation)

    @once
    def lr(self) -> float:
        """The rate of least validation error at ``tuned_size``."""
        return min(self.params.lrs, key=lambda lr: self.validation_error(self.tuned_size, lr))


def mean_squared(found: Floats, wanted: Floats) -> float:
    """Squared error per number."""
    return float(np.square(found - wanted).mean())


def prepare(params: Params, seed: int) -> Vectors:
    if params.data is not None:
        return _own(params, params.data.expanduser(), seed)
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import pooled_split

    sizes = {"train": params.train_images, "validation": params.validation_images, "test": params.test_images}
    split = pooled_split(load_images(params.dataset, seed=seed), **sizes, seed=seed)
    train, validation, test = (part.inputs.double().numpy() for part in (split.train, split.validation, split.test))
    return Vectors(
        params=params,
        seed=seed,
        notes=(split.description,),
        name=split.name,
        train=train,
        validation=validation,
        test=test,
        train_labels=split.train.labels.numpy(),
        test_labels=split.test.labels.numpy(),
    )


def _own(params: Params, path: Path, seed: int) -> Vectors:
    """The user's vectors: a random fifth is tested on, a tenth chooses the rate.

    Raises:
        InputError: no readable vectors, too few, equal ones, or none of the sizes of codes is below their dimension.
    """
    from experiments.foundation.datasets.formats.vector_files import read_vectors
    from experiments.foundation.datasets.vector_checks import check_vectors, searchable

    if not path.is_file():
        raise InputError(f"data={path}: no such file; expected vectors, a row each, as .npy, .csv, .fvecs or .hdf5")
    stored = read_vectors(path)
    check_vectors(path.name, stored, None, None)
    vectors = searchable(path.name, stored).astype(np.float64)
    n, d = vectors.shape
    if n < FEWEST_ROWS:
        raise InputError(f"data={path}: expected at least {FEWEST_ROWS} vectors, got {n}; give more")
    if min(params.k) >= d:
        raise InputError(f"k={min(params.k)}: expected less than {d}, the numbers in a vector of {path.name}")
    order = np.random.default_rng(seed).permutation(n)
    test, validation, train = np.split(order, [n // 5, n // 5 + n // 10])
    if np.ptp(vectors[train], axis=0).max() == 0:
        raise InputError(f"data={path}: expected vectors that differ, got {n} equal ones")
    about = f"{path.name}: {n} vectors of {d} numbers; {len(test)} are tested on, {len(validation)} choose the rate"
    return Vectors(
        params=params,
        seed=seed,
        notes=(about,),
        name=path.stem,
        train=vectors[train],
        validation=vectors[validation],
        test=vectors[test],
        own_rows=order,
    )
