"""The speed of gradient descent at its best step: its rate, its path, and one output through a sigmoid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Rows, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Equivalence, Ratio, Under
from experiments.train.linear.setup import Problems

KAPPAS = (3, 10, 100, 1000)
"""Condition numbers that are judged where they ran."""
SATURATED = "through a saturated sigmoid"


@observation
class RateRow(Row):
    """Descent on a least squares problem."""

    kappa: float
    """Condition number."""
    measured_rate: float
    """Factor by which a step shrinks the distance to the minimum."""
    theoretical_rate: float
    """(kappa - 1) / (kappa + 1)."""
    steps_to_millionth: float
    """Of the first distance; the most steps if it was not reached."""
    reached: bool


@observation
class PathRow(Row):
    kappa: float
    step: int
    distance: float
    """|w - w*| / |w_0 - w*|."""


@observation
class SigmoidRow(Row):
    start: float
    """Input of the sigmoid before the first step."""
    steps_to_thousandth: float
    """Of the first loss; the most steps if it was not reached."""


def rates(problems: Problems) -> Iterator[RateRow]:
    import numpy as np

    from experiments.train.core import linear_models as linear

    for kappa, (X, _) in problems.conditioned.items():
        distances = problems.distances(kappa)
        done = np.flatnonzero(distances <= 1e-6 * distances[0])
        yield RateRow(
            kappa=kappa,
            measured_rate=linear.measured_rate(distances),
            theoretical_rate=linear.theoretical_rate(X),
            steps_to_millionth=float(done[0] if len(done) else problems.params.steps),
            reached=bool(len(done)),
        )


def paths(problems: Problems) -> Iterator[PathRow]:
    import numpy as np

    shown = np.unique(np.geomspace(1, problems.params.steps + 1, 25).astype(int) - 1)
    for kappa in problems.conditioned:
        distances = problems.distances(kappa)
        for step in shown:
            yield PathRow(kappa=kappa, step=int(step), distance=distances[step] / distances[0])


def sigmoid(problems: Problems) -> Iterator[SigmoidRow]:
    from experiments.train.core.linear_models import sigmoid_steps

    start = problems.sigmoid_start
    yield SigmoidRow(
        start=start, steps_to_thousandth=float(sigmoid_steps(problems.params.steps, start=start, step=1.0))
    )


def gains(rows: Sequence[RateRow]) -> Mapping[str, Pairs]:
    """1 - rate, what a step gains, over that of theory; where no steps lie between it is nan, and undecided."""
    return {
        f"kappa {row.kappa:g}": Pairs.against(
            by_seed(rows, lambda row: (1 - row.measured_rate) / (1 - row.theoretical_rate), kappa=row.kappa), 1.0
        )
        for row in rows
    }


def speed(rows: Rows) -> Mapping[str, Pairs]:
    """100, and the steps that were taken."""
    of = rows.of(RATES)
    ran = [kappa for kappa in KAPPAS if any(row.kappa == kappa for row in of)]
    found = {f"kappa {kappa}": within(by_seed(of, "steps_to_millionth", kappa=kappa)) for kappa in ran}
    return {**found, SATURATED: within(by_seed(rows.of(SIGMOID), "steps_to_thousandth"))}


def within(steps: Mapping[int, float]) -> Pairs:
    return Pairs(dict.fromkeys(steps, 100.0), steps)


def slowing(rows: Sequence[PathRow]) -> str:
    """What the curve shows."""
    step, kappas = min((row.step for row in rows), key=lambda at: abs(at - 100)), sorted({row.kappa for row in rows})
    near, far = (
        f"{number(mean(rows, 'distance', kappa=kappa, step=step), 1)} at kappa {kappa:g}"
        for kappa in (kappas[0], kappas[-1])
    )
    return f"After {step} steps the share of the distance that is left is {near} and {far}"


RATES = Part(
    name="rates",
    row=RateRow,
    run=rates,
    tables=(
        Table(
            title="Speed of gradient descent",
            by=("kappa",),
            columns=("measured_rate", "theoretical_rate", "steps_to_millionth"),
        ),
    ),
    claims=(
        Claim(
            "descent_has_the_rate_of_theory",
            statement="At its best step gradient descent shrinks the distance by (kappa - 1) / (kappa + 1) per step.",
            rule=Each(
                Equivalence("(1 - rate) / (1 - (kappa - 1) / (kappa + 1)), and 1", margin=0.01), per="condition number"
            ),
            measure=gains,
            topic="Speed of descent on MSE",
            predicted="holds",
            source="Nocedal and Wright 2006, section 3.3",
        ),
    ),
)
PATHS = Part(
    name="paths",
    row=PathRow,
    run=paths,
    curves=(Curve(name="distance", x="step", y="distance", group="kappa", y_scale="log", title=slowing),),
)
SIGMOID = Part(
    name="sigmoid",
    row=SigmoidRow,
    run=sigmoid,
    tables=(Table(title="Through a saturated sigmoid", by=(), columns=("start", "steps_to_thousandth")),),
)
FAST = Claim(
    "descent_converges_fast",
    statement="With a squared error gradient descent converges fast.",
    rule=Under(
        {
            **{
                f"kappa {kappa}": Ratio("100 / steps to a millionth of the first distance", at_least=1.0)
                for kappa in KAPPAS
            },
            SATURATED: Ratio("100 / steps to a thousandth of the first loss, from -8", at_least=1.0),
        }
    ),
    measure=speed,
    topic="MSE converges fast",
    predicted={**{f"kappa {kappa}": "holds" if kappa < 100 else "refuted" for kappa in KAPPAS}, SATURATED: "refuted"},
    source="Nocedal and Wright 2006, section 3.3; a saturated sigmoid has derivative s (1 - s) near 0",
)
