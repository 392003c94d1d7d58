"""What attention does in one pass, and what it has to do step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Each, Theorem
from experiments.seq.memory.setup import LENGTH, Reaches


@observation
class ParallelRow(Row):
    case: str
    """What was tried."""
    length: int
    error: float
    """Largest difference of hidden states from those of going step by step."""
    control_error: float
    """The same of an object that must differ."""
    passes: int
    """Forward passes that depend on each other."""


def run(reaches: Reaches) -> Iterator[ParallelRow]:
    _, checks = reaches.drawn()
    for check, passes in checks:
        yield ParallelRow(
            case=check.case, length=LENGTH, error=check.error, control_error=check.control_error, passes=passes
        )


def one_pass_for_all(rows: Sequence[ParallelRow], case: str) -> Instances:
    tried = [row for row in rows if row.case == case]
    passes, error = tried[0].passes, tried[0].error
    return Instances(
        [row.error for row in tried],
        control=[row.control_error for row in tried],
        counterexample=f"{passes} passes depend on each other, and one pass in their place is off by {error:.3g}",
    )


def reading_and_generating(rows: Sequence[ParallelRow]) -> Mapping[str, Instances]:
    return {case: one_pass_for_all(rows, case) for case in ("reading a known sequence", "generating a sequence")}


def of_case(case: str) -> Callable[[Sequence[ParallelRow]], Instances]:
    return lambda rows: one_pass_for_all(rows, case)


PART = Part(
    name="parallel",
    row=ParallelRow,
    run=run,
    claims=(
        Claim(
            "positions_are_processed_in_parallel",
            statement="A Transformer processes all positions in parallel.",
            rule=Each(
                Theorem("one pass equals going step by step", control="attention to the future", tolerance=1e-10),
                per="task, reading and generating",
            ),
            measure=reading_and_generating,
            topic="Transformer",
            predicted={"reading a known sequence": "holds", "generating a sequence": "refuted"},
            source="Vaswani et al. 2017: generation is auto-regressive",
        ),
        Claim(
            "attention_without_positions_is_blind_to_order",
            statement=(
                "Attention without a positional code does not see order: permuting its input permutes its output."
            ),
            rule=Theorem("permuted output", control="attention with a positional code", tolerance=1e-10),
            measure=of_case("without positions, permuted"),
            topic="Transformer",
            predicted="holds",
            source="Vaswani et al. 2017",
        ),
    ),
    tables=(Table("Attention in parallel", by=("case",), columns=("error", "control_error", "passes")),),
)
