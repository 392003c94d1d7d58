"""What loss.focal can be asked, its data and the networks that it trains on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from experiments.foundation.networks.ensemble import Ensemble, Member, MemberLoss
    from experiments.loss.core.imbalance import Examples

BATCH, HIDDEN = 256, (32, 32)
HARD_SHARE = 0.25
EVALUATED_AT_ONCE = 512
"""Examples; what many members make of more no longer fits the processor's cache."""
LossName = Literal["ce", "wce", "focal", "focal_plain", "ohem"]


@parameters
class Params:
    tasks: tuple[Literal["clouds", "dense"], ...] = ("clouds",)
    """Rare clouds, and heat maps with one mark among 1024 cells."""
    ratios: Annotated[tuple[Annotated[int, Field(ge=1, le=100_000)], ...], Field(min_length=1)] = (100,)
    """Negatives per positive in the clouds; the first is the one for the mechanism and calibration."""
    examples: Annotated[int, Field(ge=100, le=1_000_000)] = 2000
    """Examples for training and for validation."""
    test_examples: Annotated[int, Field(ge=100, le=1_000_000)] = 4000
    """Examples for test: few of them are positive, and their number limits how well two losses are told apart."""
    noise: Annotated[float, Field(gt=0, le=10)] = 0.8
    """Deviation of the noise on a heat map; marks have height 1."""
    gamma: Annotated[float, Field(ge=0, le=5)] = 2.0
    """Exponent of focal loss."""
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.25
    """Weight of positives in the loss "focal"."""
    prior: Annotated[float, Field(gt=0, lt=1)] | None = 0.01
    """Probability at which every training begins, by its output bias; 0.5 without it, as in the starts beside them."""
    losses: tuple[LossName, ...] = ("ce", "wce", "focal", "focal_plain", "ohem")
    """Losses to train: cross-entropy, the same with positives weighed by the number of negatives per positive, focal
    loss with and without alpha, and cross-entropy of the hardest quarter of a batch; the claims need ce, wce, focal."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (1e-3, 1e-2)
    """Learning rates of Adam that every loss tries."""
    steps: Annotated[int, Field(ge=10, le=100_000)] = 60
    """Updates of 256 examples."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """One condition: rare positives of one kind."""

    train: Examples
    validation: Examples
    test: Examples
    losses: dict[LossName, MemberLoss]
    """Logits (n, 1) and targets (n,) -> losses (n,), by name."""
    drawn: torch.Generator
    """In the state that drawing the examples left."""

    def ensemble(self, members: Sequence[Member], biases: Sequence[float], rng: torch.Generator) -> Ensemble:
        from experiments.foundation.networks.ensemble import Ensemble

        return Ensemble(members, (self.train[0].shape[1], *HIDDEN, 1), rng, biases)


class Tasks(Setup[Params]):
    """The data of every condition, drawn by the part that asks first."""

    def conditions(self) -> list[str]:
        """Such as "1:100", clouds, and "dense 1:1023", heat maps."""
        clouds = [f"1:{ratio}" for ratio in self.params.ratios if "clouds" in self.params.tasks]
        return clouds + (["dense 1:1023"] if "dense" in self.params.tasks else [])

    @once
    def task(self, condition: str) -> Task:
        import torch

        params, rng = self.params, torch.Generator().manual_seed(self.seed)
        sizes = (params.examples, params.examples, params.test_examples)
        train, validation, test = (draw_set(condition, n, params.noise, rng) for n in sizes)
        losses = task_losses(params, negatives(condition))
        return Task(train=train, validation=validation, test=test, losses=losses, drawn=rng)


def negatives(condition: str) -> int:
    """Per positive.

    >>> negatives("dense 1:1023")
    1023
    """
    return int(condition.rpartition(":")[2])


def draw_set(condition: str, n: int, noise: float, rng: torch.Generator) -> Examples:
    """n examples; of heat maps whole ones, two at least."""
    from experiments.loss.core.imbalance import SIZE, clouds, dense

    if condition.startswith("dense"):
        return dense(max(n // SIZE**2, 2), noise, rng)
    return clouds(n, negatives(condition), rng)


def task_losses(params: Params, ratio: int) -> dict[LossName, MemberLoss]:
    """Losses of logits (n, 1) and targets (n,) by name, ``ratio`` negatives per positive."""
    from experiments.foundation.networks.scores.binary_losses import binary_cross_entropy, focal
    from experiments.loss.core.classification import hard_examples

    def hardest(logits: Tensor, targets: Tensor) -> Tensor:
        losses = binary_cross_entropy(logits, targets)
        return hard_examples(losses.reshape(-1, min(BATCH, len(losses))), HARD_SHARE).flatten()

    def of_column(loss: MemberLoss) -> MemberLoss:
        return lambda logits, targets: loss(logits[:, 0], targets)

    return {
        "ce": of_column(binary_cross_entropy),
        "wce": of_column(partial(binary_cross_entropy, positive_weight=float(ratio))),
        "focal": of_column(partial(focal, gamma=params.gamma, alpha=params.alpha)),
        "focal_plain": of_column(partial(focal, gamma=params.gamma)),
        "ohem": of_column(hardest),
    }


def scores(ensemble: Ensemble, inputs: Tensor) -> Tensor:
    """Logits (members, n) for inputs (n, d)."""
    import torch

    with torch.no_grad():
        return torch.cat([ensemble.logits(part)[..., 0] for part in inputs.split(EVALUATED_AT_ONCE)], dim=1)


def prepare(params: Params, seed: int) -> Tasks:
    return Tasks(params=params, seed=seed)
