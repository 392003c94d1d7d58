"""Labelled images as the flat inputs of ``loss.metric``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from experiments.foundation.datasets.images import load_images

if TYPE_CHECKING:
    import torch

    from experiments.loss.core.digits_study import Split
    from experiments.loss.metric import Params


def load_split(params: Params, seed: int, rng: torch.Generator) -> tuple[Split, str, str]:
    """The split, the data set's name and its description. Validation images are taken from those for training."""
    import torch

    from experiments.loss.core.digits_study import Split, corrupt

    data = load_images(params.dataset, seed=seed)
    order = torch.randperm(len(data.train_images), generator=rng)
    held_out = min(params.train_images, len(order) * 4 // 5) // 5
    chosen = {"validation": order[:held_out], "train": order[held_out : held_out + params.train_images]}
    pixels = torch.from_numpy(data.train_images).float() / data.max_value
    labels = torch.from_numpy(data.train_labels)
    test = torch.from_numpy(data.test_images).float() / data.max_value
    gray = test.mean(3) if test.dim() == 4 else test
    if pixels.dim() == 4:
        pixels = pixels.mean(3)
    split = Split(
        train=(pixels[chosen["train"]].flatten(1), labels[chosen["train"]]),
        validation=(pixels[chosen["validation"]].flatten(1), labels[chosen["validation"]]),
        test=(gray.flatten(1), torch.from_numpy(data.test_labels)),
        corrupted=corrupt(gray, params.corruption, params.severity, rng).flatten(1),
        classes=len(data.classes),
    )
    sizes = f"{len(split.train[1])} for training, {held_out} for validation, {len(gray)} for test"
    return split, data.name, f"{data.description}; taken: {sizes}."
