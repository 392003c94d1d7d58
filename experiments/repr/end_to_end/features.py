"""Features that are made apart from the classifier: by hand, at random, or learned from the other five classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from experiments.repr.end_to_end.setup import CLASSES, Floats, Images

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.repr.core.small_cnn import SmallCNN

RAW, PCA_ARM, HOG, RANDOM, PATCHES, FROZEN, JOINT = (
    "raw pixels",
    "PCA",
    "HOG",
    "random convolutions",
    "k-means of patches",
    "convolutions of other classes",
    "joint",
)
Encode = Callable[[Floats], Floats]
"""Images (n, height, width) -> features (n, d)."""


def encoders(images: Images) -> dict[str, Encode]:
    """Features that know no label of the five classes; what is learned, is learned from the other five."""
    from experiments.foundation.networks.timing import reproducible
    from experiments.repr.core.hog import hog
    from experiments.repr.core.patch_features import PatchFeatures
    from experiments.repr.core.pca import PCA
    from experiments.repr.core.small_cnn import SmallCNN

    asked, others = images.params, pixels(images.others.inputs)
    side = others.shape[1]
    pca = PCA.fit(flat(others))
    components = min(asked.components, flat(others).shape[1])
    patches = PatchFeatures.fit(others, max(3, side // 5), asked.centroids, images.seed)
    with reproducible(images.seed):
        untrained = SmallCNN(CLASSES, width=asked.width).eval()
    return {
        RAW: flat,
        PCA_ARM: lambda given: pca.encode(flat(given), components),
        HOG: lambda given: hog(given, cell=side // 4),
        RANDOM: by_network(untrained),
        PATCHES: patches.encode,
        FROZEN: by_network(images.frozen()),
    }


def pixels(inputs: Tensor) -> Floats:
    """(n, height, width) of a tensor (n, 1, height, width)."""
    return np.asarray(inputs, dtype=np.float64)[:, 0]


def flat(given: Floats) -> Floats:
    return given.reshape(len(given), -1)


def by_network(network: SmallCNN) -> Encode:
    import torch

    from experiments.foundation.networks.scores.evaluation import network_logits

    def encode(given: Floats) -> Floats:
        maps = torch.from_numpy(given).float().unsqueeze(1)
        return network_logits(network.features, maps).double().numpy()

    return encode
