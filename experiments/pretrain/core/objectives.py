"""What a masked autoencoder is trained to do: fill in pixels or codes of masked patches, or only remove noise."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from experiments.foundation.networks.batches import full_batches
from experiments.foundation.networks.fit import steps as updates
from experiments.foundation.networks.optimizers import build_optimizer
from experiments.pretrain.core.fine_tuning import WEIGHT_DECAY, linear_rates
from experiments.pretrain.core.masked_autoencoder import (
    MaskedAutoencoder,
    code_loss,
    patches_of,
    pixel_loss,
)

Objective = Callable[[MaskedAutoencoder, Tensor], Tensor]
"""(model, images (n, channels, height, width)) -> mean loss ()."""
Masks = Callable[[int], Tensor]
"""Number of images n -> what is masked of them, (n, tokens)."""
BATCH_SIZE = 128
NOISE = 1.0
"""Standard deviation of the noise to remove, in those of the pixels."""


def fill_in_pixels(side: int, masks: Masks) -> Objective:
    """Pixels of the masked patches of every image."""

    def loss(model: MaskedAutoencoder, images: Tensor) -> Tensor:
        patches = patches_of(images, side)
        masked = masks(len(patches)).to(images.device)
        return pixel_loss(model(images, masked), patches, masked)

    return loss


def fill_in_codes(codebook: Tensor, side: int, masks: Masks) -> Objective:
    """Codes of the masked patches of every image; ``codebook`` is (codes, pixels of a patch)."""

    def loss(model: MaskedAutoencoder, images: Tensor) -> Tensor:
        codes = codes_of(images, codebook, side)
        masked = masks(len(codes)).to(images.device)
        return code_loss(model(images, masked), codes, masked)

    return loss


def remove_noise(side: int) -> Objective:
    """Pixels of every patch from the whole image with noise: the control without masks."""

    def loss(model: MaskedAutoencoder, images: Tensor) -> Tensor:
        patches = patches_of(images, side)
        nothing = torch.zeros(patches.shape[:2], dtype=torch.bool, device=images.device)
        return mse_loss(model(images + NOISE * torch.randn_like(images), nothing), patches)

    return loss


def codebook_of(images: Tensor, side: int, codes: int, seed: int) -> Tensor:
    """Centers (codes, pixels) of k-means over the patches of ``images``."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    patches = patches_of(images, side).flatten(0, 1).cpu().numpy()
    with threadpool_limits(1):
        centers = KMeans(codes, n_init=1, random_state=seed).fit(patches).cluster_centers_
    return torch.from_numpy(centers).to(images.device)


def codes_of(images: Tensor, codebook: Tensor, side: int) -> Tensor:
    """Nearest center (n, tokens) of every patch.

    >>> codes_of(torch.tensor([[[[0.0, 5.0], [9.0, 4.0]]]]), torch.tensor([[0.0], [4.5], [9.0]]), 1)
    tensor([[0, 1, 2, 1]])
    """
    return torch.cdist(patches_of(images, side), codebook[None]).argmin(2)


def pretrain(
    model: MaskedAutoencoder,
    images: Tensor,
    objective: Objective,
    steps: int,
    lr: float,
    seed: int,
    change: Callable[[Tensor], Tensor],
) -> None:
    """AdamW on images that ``change`` augments, at a rate that falls linearly to zero."""

    def losses() -> Iterator[Tensor]:
        for chosen in full_batches(len(images), BATCH_SIZE, steps, torch.Generator().manual_seed(seed)):
            yield objective(model, change(images[chosen]))

    optimizer = build_optimizer("adamw", model.parameters(), lr=lr, weight_decay=WEIGHT_DECAY)
    for _ in updates(optimizer, losses(), rates=linear_rates(lr, steps), clip=1.0):
        pass
