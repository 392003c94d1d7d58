"""Statements about torch's functions for clipping, tried on random gradients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances, trials_of
from experiments.grad.clipping.setup import Descents
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Observed
from experiments.lab.judge.rules import Fact, Theorem

if TYPE_CHECKING:
    import torch

ROUNDING = 1e-12


def run(descents: Descents) -> Iterator[TrialRow]:
    import torch

    for name in ("clip_grad_value", "clip_grad_value_"):
        yield TrialRow(statement="name", case=name, error=float(not hasattr(torch.nn.utils, name)))
    rng, limit = torch.Generator().manual_seed(descents.seed), descents.params.limit
    for _ in range(descents.params.trials):
        yield from norm_trials(rng, limit)
        yield from place_trials(rng, limit)
        yield value_trial(rng, limit)


def norm_trials(rng: torch.Generator, limit: float) -> Iterator[TrialRow]:
    """clip_grad_norm_ of torch on three random tensors; the control clips each tensor by its own norm."""
    import torch
    from torch import nn

    from experiments.grad.core.clipping import clip_by_norm, clip_by_value, cosine, largest_difference, total_norm

    gradients = [torch.randn(shape, generator=rng, dtype=torch.float64) * 3 for shape in ((4, 3), (5,), (2, 2))]
    parameters = [nn.Parameter(torch.zeros_like(gradient)) for gradient in gradients]
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient.clone()
    returned = float(nn.utils.clip_grad_norm_(parameters, limit))
    clipped = [parameter.grad for parameter in parameters if parameter.grad is not None]
    alone = [clip_by_norm([gradient], limit)[0] for gradient in gradients]
    counterexample = f"|g| = {returned:.4g} before, {total_norm(clipped):.4g} after, limit {limit:g}"
    formula = clip_by_norm(gradients, limit)
    yield TrialRow(
        statement="norm",
        case="formula with one total norm",
        error=largest_difference(clipped, formula),
        control_error=largest_difference(alone, formula),
        counterexample=counterexample,
    )
    yield TrialRow(
        statement="norm",
        case="at most the limit",
        error=max(total_norm(clipped) - limit, 0.0),
        control_error=max(total_norm(alone) - limit, 0.0),
        counterexample=counterexample,
    )
    before = total_norm(gradients)
    yield TrialRow(
        statement="norm",
        case="returns the norm before",
        error=abs(returned - before),
        control_error=abs(total_norm(clipped) - before),
        counterexample=counterexample,
    )
    small = [gradient * (0.5 * limit / before) for gradient in gradients]
    yield TrialRow(
        statement="norm",
        case="unchanged below the limit",
        error=largest_difference(clip_by_norm(small, limit), small),
        control_error=largest_difference(formula, gradients),
    )
    valued = clip_by_value(gradients, limit)
    yield TrialRow(
        statement="direction",
        case="by norm",
        error=1 - cosine(gradients, clipped),
        control_error=1 - cosine(gradients, valued),
    )


def value_trial(rng: torch.Generator, limit: float) -> TrialRow:
    """clip_grad_value_ of torch: entries of the gradient are clamped and parameters untouched; the control clamps the
    parameters."""
    import torch
    from torch import nn

    from experiments.grad.core.clipping import clip_by_value, largest_difference

    parameter = nn.Parameter(torch.randn(20, generator=rng, dtype=torch.float64) * 3)
    before, gradient = parameter.detach().clone(), torch.randn(20, generator=rng, dtype=torch.float64) * 3
    parameter.grad = gradient.clone()
    nn.utils.clip_grad_value_([parameter], limit)
    expected = clip_by_value([gradient], limit)
    moved = largest_difference([parameter.detach()], [before])
    return TrialRow(
        statement="value",
        case="clamps gradients, not parameters",
        error=largest_difference([parameter.grad], expected) + moved,
        control_error=largest_difference([before.clamp(-limit, limit)], [before]),
    )


def place_trials(rng: torch.Generator, limit: float) -> Iterator[TrialRow]:
    """One step of sgd with clipping in different places of the loop, from the same weights and gradient."""
    import torch

    from experiments.grad.core.clipping import largest_difference, one_step

    gradient = torch.randn(10, generator=rng, dtype=torch.float64) * 10
    steps = {place: one_step(gradient, limit, place) for place in ("none", "before_step", "after_step")}
    yield TrialRow(
        statement="place",
        case="after the step it does nothing",
        error=largest_difference([steps["after_step"]], [steps["none"]]),
        control_error=largest_difference([steps["before_step"]], [steps["none"]]),
    )
    scale = 2.0**16
    scaled = float(one_step(gradient, limit, "scaled", scale).norm())
    yield TrialRow(
        statement="place",
        case="before unscaling it shrinks the step by the scale",
        error=abs(scaled * scale / limit - 1),
        control_error=abs(float(steps["before_step"].norm()) * scale / limit - 1),
        counterexample=f"step {scaled:.3g} instead of {limit:g}",
    )


def has_clip_grad_value(rows: Sequence[TrialRow]) -> Observed:
    return Observed(all(row.error == 0 for row in trials_of(rows, "name", "clip_grad_value")))


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "torch_has_clip_grad_value",
            statement="torch.nn.utils has a function clip_grad_value.",
            rule=Fact("the attribute exists", expected=True),
            measure=has_clip_grad_value,
            topic="clip_grad_value",
            predicted="refuted",
            source="documentation of torch.nn.utils",
        ),
        Claim(
            "value_clipping_clamps_gradients",
            statement="Clipping by value clamps every entry of the gradients and leaves the parameters alone.",
            rule=Theorem(
                "clip_grad_value_ equals the clamped gradient, the parameters stay",
                control="clamping the parameters",
                tolerance=ROUNDING,
            ),
            measure=instances("value"),
            topic="Clips all parameters to [-c, c]",
            predicted="holds",
            source="documentation of torch.nn.utils",
        ),
        Claim(
            "norm_clipping_scales_by_one_total_norm",
            statement="Clipping by norm multiplies all gradients by min(1, limit / (total norm + 1e-6)) and returns "
            "the norm before.",
            rule=Theorem(
                "formula, bound, returned norm, and no change below the limit",
                control="clipping each tensor by its own norm",
                tolerance=ROUNDING,
            ),
            measure=instances("norm"),
            topic="Scaled by L2 norm / max_norm",
            predicted="holds",
            source="documentation of torch.nn.utils",
        ),
        Claim(
            "norm_clipping_keeps_the_direction",
            statement="Clipping by norm keeps the direction of the gradient.",
            rule=Theorem("cosine 1 to the gradient before", control="clipping by value", tolerance=ROUNDING),
            measure=instances("direction"),
            topic="Clipping by value and by norm",
            predicted="holds",
            source="Pascanu et al. 2013",
        ),
        Claim(
            "clipping_belongs_between_backward_and_step",
            statement="Clipping acts only before the step, and with scaled losses only after unscaling.",
            rule=Theorem(
                "after the step it does nothing, before unscaling it shrinks the step by the scale",
                control="clipping before the step",
                tolerance=1e-6,  # of the denominator of the factor, relative to a norm of about 1e6
            ),
            measure=instances("place"),
            topic="After backward, before step",
            predicted="holds",
            source="documentation of torch.amp: gradient clipping",
        ),
    ),
    tables=(TRIALS,),
)
