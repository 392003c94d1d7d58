"""What loss.metric can be asked, its images, and what a trained network shows on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import ImageSetName
from experiments.lab.experiment import Row, Setup, observation, parameters

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from experiments.foundation.networks.ensemble import Ensemble, Member
    from experiments.foundation.networks.split import Split

LossName = Literal["ce", "mse_logits", "mse_softmax", "mse_sigmoid", "hinge"]
BATCH = 64


@parameters
class Params:
    dataset: ImageSetName = "digits"
    """Images; "auto" is MNIST where it is there, else digits."""
    train_images: Annotated[int, Field(ge=50, le=60_000)] = 300
    """Images to train on."""
    validation_images: Annotated[int, Field(ge=10, le=60_000)] = 60
    """Images that choose a step, a learning rate and the best of the other losses."""
    test_images: Annotated[int, Field(ge=50, le=60_000)] = 400
    """Images for test, other ones for every seed."""
    label_noise: Annotated[float, Field(gt=0, le=0.95)] = 0.3
    """Share of labels replaced in the noisy trainings, for training and validation."""
    corruption: Literal["gauss", "salt", "shift"] = "gauss"
    """What happens to the corrupted test images."""
    severity: Annotated[float, Field(ge=0, le=1)] = 0.25
    """Deviation of the noise, share of the pixels, or a quarter of the pixels shifted by; values lie in [0, 1]."""
    widths: Annotated[tuple[Annotated[int, Field(ge=1, le=4096)], ...], Field(min_length=1)] = (32, 32)
    """Hidden units per layer."""
    steps: Annotated[int, Field(ge=20, le=100_000)] = 100
    """Updates of 64 images along the trajectories; the tuned trainings take a third."""
    lr: Annotated[float, Field(gt=0, le=10)] = 3e-3
    """Learning rate of Adam along the trajectories."""
    repeats: Annotated[int, Field(ge=1, le=100)] = 1
    """Trajectories per seed, with their own first weights and noise."""
    losses: tuple[LossName, ...] = ("ce", "mse_logits", "mse_softmax", "mse_sigmoid", "hinge")
    """Losses to tune; "ce" is compared with the best of the others."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (1e-3, 1e-2)
    """Learning rates that every loss tries; each falls linearly to 0."""


@observation
class NetworkRow(Row):
    """One network at one step."""

    dataset: str
    step: int
    lr: float
    train_loss: float
    validation_accuracy: float
    validation_nll: float
    test_accuracy: float
    corrupted_accuracy: float
    test_nll: float
    test_brier: float
    test_ece: float


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    split: Split
    """Flat images."""
    corrupted: Tensor
    """The test inputs (n, features), corrupted."""
    drawn: torch.Generator
    """In the state that drawing the images left."""

    def generator(self) -> torch.Generator:
        """Random numbers of one part."""
        return self.drawn.clone_state()

    def ensemble(self, members: Sequence[Member], rng: torch.Generator) -> Ensemble:
        """Perceptrons side by side."""
        from experiments.foundation.networks.ensemble import Ensemble

        return Ensemble(members, (self.split.features, *self.params.widths, self.split.classes), rng)

    def measured(self, ensemble: Ensemble, train: Tensor, validation: Tensor) -> Iterator[dict[str, Any]]:
        """The measures of a NetworkRow per member; ``train`` and ``validation`` are the labels of each (members, n)."""
        import torch

        from experiments.foundation.networks.metrics import expected_calibration_error
        from experiments.loss.core.classification import cross_entropy, squared_softmax

        split, truth = self.split, self.split.test.labels
        with torch.no_grad():
            losses = ensemble.losses(split.train.inputs, train)
            inputs = (split.validation.inputs, split.test.inputs, self.corrupted)
            logits = [ensemble.logits(part) for part in inputs]
        for loss, labels, held_out, test, corrupted in zip(losses, validation, *logits, strict=True):
            yield {
                "train_loss": loss.item(),
                "validation_accuracy": accuracy(held_out, labels),
                "validation_nll": cross_entropy(held_out, labels).mean().item(),
                "test_accuracy": accuracy(test, truth),
                "corrupted_accuracy": accuracy(corrupted, truth),
                "test_nll": cross_entropy(test, truth).mean().item(),
                "test_brier": squared_softmax(test, truth).mean().item(),
                "test_ece": expected_calibration_error(test.softmax(1), truth),
            }


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Share of largest scores that are right, of logits (n, classes) and labels (n,); NaN scores count as wrong."""
    from experiments.foundation.networks.metrics import correct

    return (correct(logits, labels) & logits.isfinite().all(1)).double().mean().item()


def prepare(params: Params, seed: int) -> Images:
    """Every seed draws its images from the whole data set.

    Raises:
        InputError: there are fewer images than asked for.
    """
    import torch

    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import pooled_split
    from experiments.loss.core.corruption import corrupt

    data, rng = load_images(params.dataset, seed=seed), torch.Generator().manual_seed(seed)
    sizes = {"train": params.train_images, "validation": params.validation_images, "test": params.test_images}
    split = pooled_split(data, **sizes, seed=seed)
    images = split.test.inputs.unflatten(1, split.shape[1:])
    corrupted = corrupt(images, params.corruption, params.severity, rng).flatten(1)
    notes = (f"{data.description}; taken: {', '.join(f'{n} for {part}' for part, n in sizes.items())}.",)
    return Images(params=params, seed=seed, split=split, corrupted=corrupted, drawn=rng, notes=notes)
