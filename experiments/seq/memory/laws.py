"""Linear recurrences, whose gradient is a power of their radius, and what attention does at once or step by step."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances, instances_by_case
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Each, Theorem
from experiments.seq.memory.setup import MemorySetup

if TYPE_CHECKING:
    from experiments.seq.core.parallel import ParallelCheck

RADII = (0.9, 1.1)
LENGTH = 8
"""Positions that attention reads or makes."""


def run(setup: MemorySetup) -> Iterator[TrialRow]:
    import torch

    from experiments.foundation.networks.timing import reproducible
    from experiments.seq.core import parallel
    from experiments.seq.core.memory import linear_reach

    hidden, generator = setup.params.hidden, torch.Generator().manual_seed(setup.seed)
    for radius in RADII:
        for lag in setup.params.gradient_lags:
            linear = linear_reach(radius, lag, hidden, generator)
            bent = linear_reach(radius, lag, hidden, generator, saturating=True)
            error, control_error = (abs(ratio / radius**lag - 1) for ratio in (linear, bent))
            case = f"radius {radius:g}, lag {lag}"
            yield TrialRow(statement="power", case=case, error=error, control_error=control_error)
    with reproducible(setup.seed):
        reading = parallel.all_at_once(LENGTH, hidden, generator)
        permuting = parallel.permuted(LENGTH, hidden, generator)
        generating, passes = parallel.generated(LENGTH, hidden, generator)
    yield of_check("one pass", reading, 1)
    yield of_check("one pass", generating, passes)
    yield of_check("order", permuting, 1)


def of_check(statement: str, check: ParallelCheck, passes: int) -> TrialRow:
    return TrialRow(
        statement=statement,
        case=check.case,
        error=check.error,
        control_error=check.control_error,
        counterexample=f"{passes} passes depend on each other, and one pass in their place is off by {check.error:.3g}",
    )


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "linear_gradient_is_a_power_of_the_radius",
            statement="The gradient of a linear recurrence is radius^T: it vanishes below 1 and explodes above.",
            rule=Theorem(
                "radius^T at radius 0.9 and 1.1 over all lags", control="the recurrence with tanh", tolerance=1e-10
            ),
            measure=instances("power"),
            topic="Vanishing gradient of the RNN",
            predicted="holds",
            source="the chain rule with an orthogonal matrix",
        ),
        Claim(
            "positions_are_processed_in_parallel",
            statement="A Transformer processes all positions in parallel.",
            rule=Each(
                Theorem("one pass equals going step by step", control="attention to the future", tolerance=1e-10),
                per="task, reading and generating",
            ),
            measure=instances_by_case("one pass"),
            topic="Transformer: positions in parallel",
            predicted={"reading a known sequence": "holds", "generating a sequence": "refuted"},
            source="Vaswani et al. 2017: generation is auto-regressive",
        ),
        Claim(
            "attention_without_positions_is_blind_to_order",
            statement=(
                "Attention without a positional code does not see order: permuting its input permutes its output."
            ),
            rule=Theorem("permuted output", control="attention with a positional code", tolerance=1e-10),
            measure=instances("order"),
            topic="Transformer: order of positions",
            predicted="holds",
            source="Vaswani et al. 2017",
        ),
    ),
    tables=(TRIALS,),
)
