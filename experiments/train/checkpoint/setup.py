"""What train.checkpoint can be asked, and the training that is stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, Literal, get_args

from pydantic import Field

from experiments.foundation.datasets.choices import FlatSetName
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    from experiments.foundation.networks.split import Split
    from experiments.train.core.resuming import Session

COMPLETE: Final = "nothing"
Dropped = Literal["nothing", "optimizer", "rng", "scheduler", "position"]


@parameters
class Params:
    dataset: FlatSetName = "digits"
    """Images."""
    train_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Training images."""
    width: Annotated[int, Field(ge=1, le=1024)] = 16
    """Hidden units."""
    steps: Annotated[int, Field(ge=2, le=100_000)] = 30
    """Updates of the whole training."""
    stop_at: Annotated[int, Field(ge=1, le=99_999)] = 15
    """Update after which it is stopped; below steps."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 32
    """Images per update."""
    lr: Annotated[float, Field(gt=0, le=1)] = 0.01
    """Learning rate of Adam, times 0.7 every 10 updates."""
    drop: Annotated[tuple[Dropped, ...], Field(min_length=1)] = get_args(Dropped)
    """Parts that a checkpoint lacks; one resumed training for each."""


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    split: Split

    def session(self, seed: int) -> Session:
        """A training that has not begun; ``seed`` decides its weights and its dropout."""
        import torch

        from experiments.train.core.resuming import Session, noisy_network

        torch.manual_seed(seed)
        network = noisy_network(self.split.features, self.params.width, self.split.classes)
        return Session(network, self.split.train, lr=self.params.lr, batch_size=self.params.batch_size)

    def stopped(self) -> Session:
        """The training as it stands after ``stop_at`` updates."""
        session = self.session(self.seed)
        session.advance(self.params.stop_at)
        return session

    def stranger(self) -> Session:
        """A training that began with other weights and other random numbers."""
        return self.session(self.seed + 1000)


def prepare(params: Params, seed: int) -> Images:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import pooled_split

    if params.stop_at >= params.steps:
        raise InputError(f"expected stop_at < steps, got {params.stop_at} and {params.steps}; stop earlier")
    data = load_images(params.dataset, seed=seed)
    return Images(params=params, seed=seed, split=pooled_split(data, train=params.train_images, test=50, seed=seed))
