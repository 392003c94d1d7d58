"""Out-degrees of the MRNG of uniform points by dimension and size: bounded, and growing all the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isnan, nan

from experiments.ann.core.theory.graphs import out_degrees
from experiments.ann.mrng.setup import Networks
from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Points
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Rule, SlopeBelow, Theorem, Under

BOUNDED = "bounded by the kissing number"
GROWTH = "mean does not grow with n in {} dimensions"


@observation
class DegreeRow(Row):
    """The MRNG of one set of uniform points."""

    n: int
    dim: int
    mean_degree: float
    max_degree: int
    kissing_number: float
    """Most directions that pairwise enclose 60 degrees in this dimension; nan where nobody knows it."""


def run(networks: Networks) -> Iterator[Event]:
    from experiments.ann.core.theory.monotonic import KISSING_NUMBERS

    sweep = [(dim, n) for dim in networks.params.dims for n in networks.params.ns]
    for done, (dim, n) in enumerate(sweep):
        yield Progress("degrees", done, len(sweep))
        degrees = out_degrees(networks.sized(dim, n).neighbors)
        yield DegreeRow(
            n=n,
            dim=dim,
            mean_degree=float(degrees.mean()),
            max_degree=int(degrees.max()),
            kissing_number=KISSING_NUMBERS.get(dim, nan),
        )


def growth(rows: Sequence[DegreeRow]) -> Mapping[str, Instances | Points]:
    """Degrees above the kissing number, with complete graphs as the control, and the mean over n per dimension."""
    bounded = [row for row in rows if not isnan(row.kissing_number)]
    exceeding = Instances(
        errors=[max(0.0, row.max_degree - row.kissing_number) for row in bounded],
        control=[max(0.0, row.n - 1 - row.kissing_number) for row in bounded],
    )
    dims = sorted({row.dim for row in rows})
    return {BOUNDED: exceeding, **{GROWTH.format(dim): points(rows, "n", "mean_degree", dim=dim) for dim in dims}}


class AnyDimension(dict[str, Rule]):
    """Rules by condition, in which every dimension has the same one."""

    def __missing__(self, condition: str) -> Rule:
        return self[GROWTH.format("any number of")]


def growth_by_dimension(rows: Sequence[DegreeRow]) -> str:
    fewest, most = min(row.n for row in rows), max(row.n for row in rows)
    factors = {
        dim: mean(rows, "mean_degree", dim=dim, n=most) / mean(rows, "mean_degree", dim=dim, n=fewest)
        for dim in sorted({row.dim for row in rows})
    }
    said = listing(f"{number(factor, 3)} (d = {dim})" for dim, factor in factors.items())
    return f"{number(most / fewest)} times the points multiply the out-degree by {said}"


PART = Part(
    name="degrees",
    row=DegreeRow,
    run=run,
    claims=(
        Claim(
            "degree_is_constant",
            statement="The out-degree of the MRNG does not depend on the number of points.",
            rule=Under(
                AnyDimension(
                    {
                        BOUNDED: Theorem("no out-degree exceeds the kissing number", control="complete graphs"),
                        GROWTH.format("any number of"): SlopeBelow("mean degree over n", limit=0.05),
                    }
                )
            ),
            measure=growth,
            topic="MRNG, constant out-degree",
            predicted={
                BOUNDED: "holds",
                GROWTH.format(2): "holds",
                GROWTH.format(4): "refuted",
                GROWTH.format(8): "refuted",
            },
            source="pilot",
        ),
    ),
    tables=(Table(title="Out-degree", by=("dim", "n"), columns=("mean_degree", "max_degree", "kissing_number")),),
    curves=(Curve("degree_by_size", "n", "mean_degree", "dim", x_scale="log", title=growth_by_dimension),),
)
