"""Labelled images as the flat inputs of ``loss.metric``, with a corrupted copy of the test part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.foundation.datasets.images import load_images

if TYPE_CHECKING:
    import torch

    from experiments.loss.core.digits_study import Corrupted
    from experiments.loss.metric import Params


def load_split(params: Params, seed: int, rng: torch.Generator) -> tuple[Corrupted, str, str]:
    """The split, the data set's name and its description. Validation images are taken from those for training."""
    from experiments.foundation.networks.split import flat_split
    from experiments.loss.core.digits_study import Corrupted, corrupt

    data = load_images(params.dataset, seed=seed)
    held_out = min(params.train_images, len(data.train_images) * 4 // 5) // 5
    split = flat_split(data, train=params.train_images, validation=held_out, rng=rng)
    images = split.test.inputs.unflatten(1, split.shape[1:])
    corrupted = corrupt(images, params.corruption, params.severity, rng).flatten(1)
    sizes = f"{len(split.train)} for training, {held_out} for validation, {len(images)} for test"
    return Corrupted(split=split, corrupted=corrupted), data.name, f"{data.description}; taken: {sizes}."
