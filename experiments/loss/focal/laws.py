"""What follows from the formula of focal loss: weights that fall, and arithmetic that does not overflow."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from experiments.foundation.statements.trials import TRIALS, TrialRow, distinct, trials_of, tried
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem
from experiments.loss.focal.setup import Tasks

if TYPE_CHECKING:
    from torch import Tensor

GAMMAS = (0.5, 1.0, 2.0, 5.0)


@observation
class WeightRow(Row):
    gamma: float
    probability: float
    """Of the true class."""
    loss_weight: float
    """Focal loss over cross-entropy."""
    gradient_ratio: float
    """The same of their gradients in the logit."""


@observation
class PeakRow(Row):
    gamma: float
    largest_ratio: float
    """Of the gradients in the logit, focal loss over cross-entropy."""
    at_probability: float
    crossing: float
    """Probability of the true class above which focal loss has the smaller gradient."""


def run(tasks: Tasks) -> Iterator[TrialRow]:
    for gamma in GAMMAS:
        yield from weight_trials(gamma)
    for z in (-100.0, -10.0, 0.0, 10.0, 100.0):
        for target in (0.0, 1.0):
            yield stability_trial(z, target)


def weight_trials(gamma: float) -> Iterator[TrialRow]:
    """FL / CE = (1 - p)^gamma, which never rises with p. Controls: the exponent one larger, and p^gamma."""
    import torch

    from experiments.foundation.networks.scores.binary_losses import binary_cross_entropy, focal

    probability = torch.tensor([0.01, 0.1, 0.5, 0.9, 0.968, 0.999], dtype=torch.float64)
    logits, ones = torch.logit(probability), torch.ones_like(probability)
    ratio = focal(logits, ones, gamma=gamma) / binary_cross_entropy(logits, ones)
    for p, found in zip(probability.tolist(), ratio.tolist(), strict=True):
        yield TrialRow(
            statement="weight",
            case=f"gamma {gamma:g}",
            error=abs(found / (1 - p) ** gamma - 1),
            control_error=abs(found / (1 - p) ** (gamma + 1) - 1),
            counterexample=f"p = {p:g}: CE / FL = {1 / found:.6g}",
        )
    grid = torch.linspace(0.001, 0.999, 500, dtype=torch.float64)
    rise, control = ((w[1:] - w[:-1]).clamp_min(0).max().item() for w in ((1 - grid) ** gamma, grid**gamma))
    yield TrialRow(statement="decay", case=f"gamma {gamma:g}", error=rise, control_error=control)


def stability_trial(z: float, target: float) -> TrialRow:
    """At gamma 0 and alpha 1/2 the loss is CE / 2 in float32, and at gamma 2 its gradient is finite.

    Control: the formula as it is written, with log(sigmoid(z)).
    """
    import torch

    from experiments.foundation.networks.scores.binary_losses import binary_cross_entropy, focal

    logit, truth = torch.tensor([z], requires_grad=True), torch.tensor([target])
    half, p = binary_cross_entropy(logit, truth).item() / 2, logit.sigmoid()
    as_written = -0.5 * (truth * p.log() + (1 - truth) * (1 - p).log())
    (slope,) = torch.autograd.grad(focal(logit, truth).sum(), logit)

    def error(found: Tensor) -> float:
        off = abs(found.item() - half) / max(half, 1e-6)
        return off if math.isfinite(off) else math.inf

    return TrialRow(
        statement="stability",
        case=f"z {z:g}, t {target:g}",
        error=error(focal(logit, truth, gamma=0.0, alpha=0.5)) if slope.isfinite() else math.inf,
        control_error=error(as_written),
    )


def run_weights(tasks: Tasks) -> Iterator[WeightRow]:
    import torch

    from experiments.foundation.networks.scores.binary_losses import binary_cross_entropy, focal
    from experiments.loss.core.classification import focal_gradient_ratio

    probability = torch.linspace(0.01, 0.99, 50, dtype=torch.float64)
    logits, ones = torch.logit(probability), torch.ones_like(probability)
    for gamma in GAMMAS:
        weights = focal(logits, ones, gamma=gamma) / binary_cross_entropy(logits, ones)
        for p, weight in zip(probability, weights, strict=True):
            ratio = focal_gradient_ratio(p, gamma).item()
            yield WeightRow(gamma=gamma, probability=p.item(), loss_weight=weight.item(), gradient_ratio=ratio)


def run_peaks(tasks: Tasks) -> Iterator[PeakRow]:
    from experiments.loss.core.classification import focal_gradient_peak

    for gamma in GAMMAS:
        largest, where, crossing = focal_gradient_peak(gamma)
        yield PeakRow(gamma=gamma, largest_ratio=largest, at_probability=where, crossing=crossing)


def without_chance(statement: str) -> Callable[[Sequence[TrialRow]], Instances]:
    """The measure of a statement whose instances are the same for every seed and count once."""
    return lambda rows: tried(distinct(trials_of(rows, statement)), one_control=True)


def steepest_gradients(rows: Sequence[WeightRow]) -> str:
    """What the curve of gradients shows."""
    two, most = (max(row.gradient_ratio for row in rows if row.gamma == gamma) for gamma in (2.0, GAMMAS[-1]))
    return f"Focal loss's gradient is at most {number(two)} times cross-entropy's at gamma 2, {number(most)} at 5"


def weights_of_easy_examples(rows: Sequence[WeightRow]) -> str:
    """What the curve of weights shows, near p = 0.9."""
    near = min((row.probability for row in rows), key=lambda p: abs(p - 0.9))
    two, most = (number(mean(rows, "loss_weight", gamma=gamma, probability=near), 2) for gamma in (2.0, GAMMAS[-1]))
    return f"At probability {number(near, 2)} focal loss keeps {two} of cross-entropy at gamma 2, {most} at 5"


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "focal_weighs_by_the_power",
            statement="Focal loss is cross-entropy times (1 - p)^gamma: at gamma 2 and p = 0.9 it is a hundredth.",
            rule=Theorem(
                "focal loss over cross-entropy is (1 - p)^gamma", control="the exponent gamma + 1", tolerance=1e-12
            ),
            measure=without_chance("weight"),
            topic="Focal loss, formula",
            predicted="holds",
            source="Lin et al. 2017",
        ),
        Claim(
            "focal_is_half_of_cross_entropy_and_stable",
            statement="With gamma 0 and alpha 1/2 focal loss is half of cross-entropy, and finite at logits of +-100.",
            rule=Theorem(
                "half of cross-entropy in float32, with a finite gradient at gamma 2,",
                control="the formula with log(sigmoid(z))",
                tolerance=1e-6,
            ),
            measure=without_chance("stability"),
            topic="Focal loss, computing it",
            predicted="holds",
            source="Lin et al. 2017",
        ),
    ),
    tables=(TRIALS,),
)
WEIGHTS = Part(
    name="weights",
    row=WeightRow,
    run=run_weights,
    curves=(
        Curve("gradient", "probability", "gradient_ratio", "gamma", title=steepest_gradients, limit=1.0),
        Curve("loss_weight", "probability", "loss_weight", "gamma", title=weights_of_easy_examples),
    ),
)
PEAKS = Part(
    name="peaks",
    row=PeakRow,
    run=run_peaks,
    tables=(
        Table(
            "Gradient of focal loss over cross-entropy's",
            by=("gamma",),
            columns=("largest_ratio", "at_probability", "crossing"),
        ),
    ),
)
