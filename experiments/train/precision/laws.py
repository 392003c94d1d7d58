"""Laws of 16 bits: what formats hold, which updates and gradients are lost, and how the loss is scaled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Observed
from experiments.lab.judge.rules import Fact, Theorem
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


LAWS = Part(
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


LOST, KEPT = "below eps / 4", "above eps / 2"


@observation
class FormatRow(Row):
    """The limits of a format that follow from the number of its bits."""

    number_format: str
    eps: float
    """Distance from 1 to the next number."""
    largest: float
    smallest: float
    """The smallest positive number, a subnormal one."""
    torch_agrees: float
    """1 if torch.finfo says the same limits."""


def run_formats(numbers: Numbers) -> Iterator[FormatRow]:
    from experiments.train.core.number_formats import FORMATS, limits_by_bits, limits_by_torch

    for chosen in FORMATS:
        yield FormatRow(
            number_format=chosen.name,
            eps=chosen.eps,
            largest=chosen.largest,
            smallest=chosen.smallest,
            torch_agrees=float(limits_by_bits(chosen) == limits_by_torch(chosen)),
        )


def limits(rows: Sequence[FormatRow]) -> Observed:
    agree = all(row.torch_agrees for row in rows)
    seen = {(row.number_format, row.eps, row.largest, row.smallest) for row in rows}
    return Observed(sorted(seen) if agree else "torch.finfo differs")


@observation
class UpdateRow(Row):
    """One weight after many equal updates."""

    number_format: str
    case: str
    """Size of the update relative to the weight."""
    relative_update: float
    moved: float
    """Way that the weight went in its own format / exact way."""
    moved_with_master: float
    """The same with a float32 copy."""


def run_updates(numbers: Numbers) -> Iterator[UpdateRow]:
    from experiments.train.core.number_formats import BFLOAT16, FLOAT16, repeated_update

    for chosen in (FLOAT16, BFLOAT16):
        for weight in numbers.drawn().weights[chosen.name]:
            for case, factor in ((LOST, 0.2), (KEPT, 0.9)):
                moved = repeated_update(chosen, weight, factor * chosen.eps, numbers.params.updates)
                yield UpdateRow(
                    number_format=chosen.name,
                    case=case,
                    relative_update=factor * chosen.eps,
                    moved=moved.in_format,
                    moved_with_master=moved.with_master,
                )


def lost_updates(rows: Sequence[UpdateRow]) -> Instances:
    """0 where the 16-bit weight stays and its float32 copy goes the exact way."""
    errors: dict[str, list[float]] = {LOST: [], KEPT: []}
    for row in rows:
        errors[row.case].append(float(row.moved != 0 or abs(row.moved_with_master - 1) > 0.01))
    return Instances(errors[LOST], control=errors[KEPT])


FORMATS = Part(
    name="formats",
    row=FormatRow,
    run=run_formats,
    claims=(
        Claim(
            "formats_are_what_their_bits_say",
            statement="fp16 has eps 2^-10 and ends at 65504 and 2^-24; bf16 has eps 2^-7 and float32's range.",
            rule=Fact(
                "format, eps, largest and smallest number, by the bits and by torch.finfo",
                expected=[
                    ("bf16", 2.0**-7, (2 - 2.0**-7) * 2.0**127, 2.0**-133),
                    ("fp16", 2.0**-10, 65504.0, 2.0**-24),
                    ("fp32", 2.0**-23, (2 - 2.0**-23) * 2.0**127, 2.0**-149),
                ],
            ),
            measure=limits,
            topic="Number formats of mixed precision",
            predicted="holds",
            source="IEEE 754-2019",
        ),
    ),
    tables=(Table("Number formats", ("number_format",), ("eps", "largest", "smallest")),),
)
UPDATES = Part(
    name="updates",
    row=UpdateRow,
    run=run_updates,
    claims=(
        Claim(
            "small_updates_are_lost_without_a_master_copy",
            statement="Updates below eps / 4 of a 16-bit weight are lost; a float32 master copy keeps them.",
            rule=Theorem(
                "the weight does not move and its master copy goes the exact way within 1 %",
                control="updates above eps / 2",
            ),
            measure=lost_updates,
            topic="Master weights",
            predicted="holds",
            source="Micikevicius et al., Mixed Precision Training, 2018",
        ),
    ),
    tables=(
        Table(
            "One weight, many small updates: way gone / exact way",
            by=("number_format", "case"),
            columns=("relative_update", "moved", "moved_with_master"),
        ),
    ),
)
