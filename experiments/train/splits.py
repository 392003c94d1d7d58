"""Images as flat vectors, split by seed into training, validation and test: what small studies train on.

The images of both parts of a data set are pooled and split anew, so that every seed has other images in every part.
"""

from __future__ import annotations

from typing import Literal

from experiments.foundation.datasets.images import load_images
from experiments.foundation.networks.split import Split, pooled_split

FlatSetName = Literal["digits", "fashion", "mnist"]
"""Gray images; none is replaced by another."""
Splits = Split


def split_images(dataset: FlatSetName, seed: int, *, train: int, validation: int = 0, test: int) -> Split:
    """A random ``train``, ``validation`` and ``test`` images of ``dataset``.

    Raises:
        InputError: the data set is not there, or has fewer images.
    """
    return pooled_split(load_images(dataset, seed=seed), train=train, validation=validation, test=test, seed=seed)
