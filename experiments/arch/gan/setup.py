"""What arch.gan can be asked, the rules of its games, and the judge that its images are shown to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from experiments.arch.core.image_gans import Judge, Snapshot
    from experiments.arch.core.planar_gans import Rules
    from experiments.foundation.networks.split import Examples

BALANCED, FREE = "balanced", "without spectral norm"
MINIMAX, EAGER = "minimax", "minimax, 5 D steps"
RULES = (BALANCED, FREE, MINIMAX, EAGER)
"""Balanced is the non-saturating loss, as many steps of either player, and spectral normalization in the plane."""
JUDGE_SEED = 0


@parameters
class Params:
    data: Literal["ring", "grid"] = "ring"
    """Eight modes on a circle, or 25 on a grid."""
    games: Annotated[int, Field(ge=1, le=1000)] = 2
    """Independent games in the plane by each of the rules, side by side."""
    steps: Annotated[int, Field(ge=20, le=100_000)] = 60
    """Steps of their generators."""
    width: Annotated[int, Field(ge=4, le=1024)] = 64
    """Units of a hidden layer in the plane."""
    lr: Annotated[float, Field(gt=0, le=1)] = 1e-3
    """Adam's learning rate in the plane."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 64
    """Points or images of a batch."""
    dataset: GrayImageSetName = "digits"
    """Gray images, in 16 x 16 pixels; auto is MNIST where it is there, else digits."""
    judge_steps: Annotated[int, Field(ge=10, le=100_000)] = 60
    """Batches of 64 real images that the judge is trained on, once."""
    updates: Annotated[int, Field(ge=24, le=1_000_000)] = 24
    """Updates of both players together on images."""
    image_lr: Annotated[float, Field(gt=0, le=1)] = 2e-3
    """Adam's learning rate on images."""
    channels: Annotated[int, Field(ge=2, le=256)] = 8
    """Channels of the widest layer's half."""
    measured: Annotated[int, Field(ge=100, le=10_000)] = 200
    """Images of either kind whose distance is measured."""
    labelled: Annotated[int, Field(ge=20, le=10_000)] = 100
    """Training images with labels, beside which ten times as many others are put, generated or shifted."""
    learning_steps: Annotated[int, Field(ge=10, le=100_000)] = 20
    """Batches of 64 on which a classifier learns from them."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (3e-3, 1e-2)
    """Rates of its Adam; each kind of images gets the best on other training images."""
    trials: Annotated[int, Field(ge=1, le=1000)] = 5
    """Random pairs of distributions on which the game's closed forms are tried."""


def rules_of(name: str) -> Rules:
    """The rules by their name."""
    from experiments.arch.core.planar_gans import Rules

    return {
        BALANCED: Rules(),
        FREE: Rules(spectral=False),
        MINIMAX: Rules("minimax", spectral=False),
        EAGER: Rules("minimax", spectral=False, d_steps=5),
    }[name]


@dataclass(frozen=True, kw_only=True)
class Games(Setup[Params]):
    """Images and their judge, read and trained by the part that asks first."""

    @once
    def images(self) -> tuple[Examples, Examples, str]:
        """Training and test images (n, 1, 16, 16) with their labels, and the name of the data."""
        import torch

        from experiments.arch.core.image_gans import small_images
        from experiments.foundation.datasets.images import load_images
        from experiments.foundation.networks.split import Examples

        data = load_images(self.params.dataset, seed=JUDGE_SEED)
        if len(data.classes) != 10:
            raise InputError(
                f"dataset={data.name} has {len(data.classes)} classes, expected 10, as mnist or fashion has"
            )
        parts = ((data.train_images, data.train_labels), (data.test_images, data.test_labels))
        train, test = (
            Examples(small_images(torch.from_numpy(images), data.max_value), torch.from_numpy(labels))
            for images, labels in parts
        )
        return train, test, data.name

    @once
    def generated(self, rules: str) -> tuple[Snapshot, ...]:
        """Images that a training by these rules draws at its start and after each quarter."""
        from experiments.arch.core.image_gans import drawn_quarters

        p = self.params
        return tuple(
            drawn_quarters(
                self.images()[0].inputs, rules_of(rules), updates=p.updates, channels=p.channels, drawn=p.measured,
                lr=p.image_lr, batch_size=p.batch_size, seed=self.seed,
            )
        )  # fmt: skip

    @once
    def judge(self) -> tuple[Judge, str]:
        """The judge, the same for every seed, and how it came about."""
        from experiments.arch.core.image_gans import Judge, train_judge
        from experiments.foundation.networks.bases import trained_once
        from experiments.foundation.networks.timing import reproducible

        train, _, name = self.images()
        with reproducible(JUDGE_SEED):
            network = Judge()
        note = trained_once(
            network,
            lambda: train_judge(network, train, self.params.judge_steps, JUDGE_SEED),
            {"study": "arch.gan", "data": name, "steps": self.params.judge_steps, "seed": JUDGE_SEED},
        )
        return network, note


def prepare(params: Params, seed: int) -> Games:
    return Games(params=params, seed=seed)
