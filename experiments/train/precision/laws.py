"""Laws of loss scaling: what underflows, that a power of two cancels, and what the scaler does on overflow."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem
from experiments.train.precision.setup import Numbers


def run(numbers: Numbers) -> Iterator[TrialRow]:
    from experiments.train.core.number_formats import BFLOAT16, FLOAT16, share_lost

    tiny = numbers.drawn().tiny
    yield TrialRow(
        statement="vanishes",
        case="below 2^-25",
        error=1 - share_lost(tiny, FLOAT16),
        control_error=1 - share_lost(tiny, BFLOAT16),
    )
    yield from power_of_two_trials(numbers)
    yield from scaler_trials(numbers)


def power_of_two_trials(numbers: Numbers) -> Iterator[TrialRow]:
    """Largest relative difference of a gradient under a scale 2^k, and under 1.1 * 2^k, from the one without."""
    from experiments.train.core.loss_scaling import gradients

    drawn, factor = numbers.drawn(), numbers.params.loss_factor
    true = gradients(drawn.network, drawn.inputs, drawn.targets, loss_factor=factor)
    for k in numbers.params.scale_exponents:
        error, control_error = (
            float(((scaled - true).abs() / true.abs().clamp_min(1e-38)).max())
            for scale in (2.0**k, 1.1 * 2.0**k)
            for scaled in (gradients(drawn.network, drawn.inputs, drawn.targets, loss_factor=factor, scale=scale),)
        )
        yield TrialRow(statement="cancels", case=f"2^{k}", error=error, control_error=control_error)


def scaler_trials(numbers: Numbers) -> Iterator[TrialRow]:
    """The step that overflows must be skipped and halve the scale; the finite one, the control, must not."""
    from experiments.train.core.loss_scaling import scaler_step

    steps = [(scale, scaler_step(weight, gradient, scale)) for scale, gradient, weight in numbers.drawn().scaler_steps]
    for (scale, overflow), (_, finite) in zip(steps[::2], steps[1::2], strict=True):
        error, control_error = (float(step.weights_changed or step.scale_factor != 0.5) for step in (overflow, finite))
        yield TrialRow(
            statement="skips",
            case="overflow",
            error=error,
            control_error=control_error,
            counterexample=f"scale {scale:g} became {scale * overflow.scale_factor:g}",
        )


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "gradients_below_half_the_smallest_number_vanish",
            statement="Gradients below 2^-25, half the smallest fp16 number, become 0 in fp16.",
            rule=Theorem("every number in (2^-30, 2^-25) rounds to 0", control="bf16"),
            measure=instances("vanishes"),
            topic="Loss scaling",
            predicted="holds",
            source="IEEE 754-2019, rounding to nearest",
        ),
        Claim(
            "a_power_of_two_cancels_exactly",
            statement="Scaling the loss by 2^k and dividing the gradient by 2^k changes no bit of it in float32.",
            rule=Theorem("no gradient differs", control="a scale of 1.1 * 2^k"),
            measure=instances("cancels"),
            topic="Loss scaling",
            predicted="holds",
            source="a power of two changes the exponent alone",
        ),
        Claim(
            "the_scaler_skips_overflow_and_halves",
            statement="On an infinite gradient the loss scaler skips the step and halves its scale.",
            rule=Theorem("the weights stay and the scale is halved", control="finite gradients"),
            measure=instances("skips"),
            topic="Loss scaling",
            predicted="holds",
            source="PyTorch, torch.amp.GradScaler",
        ),
    ),
    tables=(TRIALS,),
)
