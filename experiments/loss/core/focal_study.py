"""Losses for rare positives, trained side by side on one task from one start, each on the same learning rates.

Arms: "ce"; "wce", positives weighed by the number of negatives per positive; "focal" with gamma and alpha;
"focal_plain" without alpha; "ohem", cross-entropy of the quarter of each batch with the largest losses.
Source: Lin et al.: Focal Loss for Dense Object Detection, ICCV 2017; Shrivastava et al.: Online Hard Example Mining,
CVPR 2016.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from experiments.foundation.networks.ensemble import Ensemble, Member, MemberLoss, own_losses
from experiments.loss.core.classification import binary_cross_entropy, focal
from experiments.loss.core.imbalance import SIZE, Examples, average_precision, clouds, dense

EASY = 0.3
"""A negative with less probability than this is easy."""
HARD_SHARE = 0.25
BATCH = 256
HIDDEN = (32, 32)
FEWEST_CHECKED = 10
EVALUATED_AT_ONCE = 512
"""Examples; what many members make of more no longer fits the processor's cache."""


@dataclass(frozen=True, kw_only=True)
class Losses:
    """What the arms share."""

    gamma: float = 2.0
    alpha: float = 0.25
    ratio: float = 100.0
    """Negatives per positive."""

    def of(self, arm: str) -> MemberLoss:
        """Loss per example for logits (n, 1) and targets (n,)."""
        chosen: dict[str, MemberLoss] = {
            "ce": binary_cross_entropy,
            "wce": partial(binary_cross_entropy, positive_weight=self.ratio),
            "focal": partial(focal, gamma=self.gamma, alpha=self.alpha),
            "focal_plain": partial(focal, gamma=self.gamma),
            "ohem": hard_examples,
        }
        return lambda logits, targets: chosen[arm](logits[:, 0], targets)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One arm at one learning rate."""

    arm: str
    lr: float
    validation_ap: float
    test_ap: float
    calibration_error: float
    """|mean probability - share of positives| on the test set."""
    easy_share_as_ce: float
    """Share of the total loss of the test set that easy negatives make, were it cross-entropy."""
    easy_share_as_focal: float


def draw_set(condition: str, n: int, noise: float, rng: torch.Generator) -> Examples:
    """n examples of a condition such as "1:100" (clouds) or "dense 1:1023" (heat maps; whole ones, two at least)."""
    if condition.startswith("dense"):
        return dense(max(n // SIZE**2, 2), noise, rng)
    return clouds(n, int(condition.rpartition(":")[2]), rng)


def hard_examples(logits: Tensor, targets: Tensor) -> Tensor:
    """Cross-entropy (n,) of the quarter of each batch of 256 with the largest losses, times 4; 0 for the others."""
    losses = binary_cross_entropy(logits, targets).reshape(-1, min(BATCH, len(logits)))
    keep = max(round(HARD_SHARE * losses.shape[1]), 1)
    least = losses.detach().topk(keep, dim=1).values[:, -1:]
    return (losses * (losses.detach() >= least) / HARD_SHARE).flatten()


def compare(
    train: Examples,
    validation: Examples,
    test: Examples,
    *,
    arms: Sequence[str],
    lrs: Sequence[float],
    losses: Losses,
    prior: float | None,
    steps: int,
    rng: torch.Generator,
) -> Iterator[Outcome]:
    """Train every arm at every learning rate and measure it. ``prior`` sets the first output bias of all arms."""
    settings = [(arm, lr) for arm in arms for lr in lrs]
    functions = {arm: losses.of(arm) for arm in arms}
    members = [Member(functions[arm], lr) for arm, lr in settings]
    ensemble = Ensemble(members, (train[0].shape[1], *HIDDEN, 1), rng, [bias_of(prior)] * len(members))
    for _ in ensemble.train(train[0], train[1].expand(len(members), -1), steps=steps, batch=BATCH, rng=rng):
        pass
    validation_logits, test_logits = scores(ensemble, validation[0]), scores(ensemble, test[0])
    for (arm, lr), held_out, logits in zip(settings, validation_logits, test_logits, strict=True):
        probability = logits.double().sigmoid()
        as_focal = focal(logits, test[1], gamma=losses.gamma, alpha=losses.alpha)
        yield Outcome(
            arm=arm,
            lr=lr,
            validation_ap=average_precision(held_out, validation[1]),
            test_ap=average_precision(logits, test[1]),
            calibration_error=(probability.mean() - test[1].mean()).abs().item(),
            easy_share_as_ce=easy_share(binary_cross_entropy(logits, test[1]), probability, test[1]),
            easy_share_as_focal=easy_share(as_focal, probability, test[1]),
        )


@torch.no_grad()
def scores(ensemble: Ensemble, inputs: Tensor) -> Tensor:
    """Logits (members, n) for inputs (n, d)."""
    return torch.cat([ensemble.logits(part)[..., 0] for part in inputs.split(EVALUATED_AT_ONCE)], dim=1)


def whole_losses(ensemble: Ensemble, inputs: Tensor, targets: Tensor) -> Tensor:
    """Mean loss (members,) over all inputs (n, d) with targets (members, n)."""
    return own_losses(ensemble.members, scores(ensemble, inputs).unsqueeze(2), targets)


def easy_share(losses: Tensor, probability: Tensor, targets: Tensor) -> float:
    """Share of the sum of ``losses`` (n,) that negatives with probability (n,) below 0.3 make."""
    easy = (targets == 0) & (probability < EASY)
    return (losses[easy].sum() / losses.sum()).item()


@dataclass(frozen=True, kw_only=True)
class Start:
    """How a training begins with one output bias."""

    prior: str
    initial_loss: float
    diverged: float
    """1 if the loss was ever infinite, NaN or ten times the first loss without prior, else 0: one bar for both."""


def starts(
    train: Examples, *, losses: Losses, prior: float, lr: float, steps: int, rng: torch.Generator
) -> Iterator[Start]:
    """Focal loss from the same weights with the output bias at 0 and at the prior, at a learning rate that is
    large."""
    loss = losses.of("focal")
    ensemble = Ensemble([Member(loss, lr)] * 2, (train[0].shape[1], *HIDDEN, 1), rng, [0.0, bias_of(prior)])
    targets = train[1].expand(2, -1)
    first = whole_losses(ensemble, train[0], targets)
    largest = first.clone()
    for step, _ in ensemble.train(train[0], targets, steps=steps, batch=BATCH, rng=rng):
        if step <= FEWEST_CHECKED or step % FEWEST_CHECKED == 0:
            largest = torch.maximum(largest, whole_losses(ensemble, train[0], targets).nan_to_num(torch.inf))
    for name, begun, worst in zip(("none", "set"), first.tolist(), largest.tolist(), strict=True):
        yield Start(prior=name, initial_loss=begun, diverged=float(worst > 10 * first[0].item()))


def bias_of(prior: float | None) -> float:
    """The output bias with which every probability begins at ``prior``; 0 without one."""
    return 0.0 if prior is None else -math.log((1 - prior) / prior)
