"""Operations of a function, of its gradient on the tape, and of its derivative written out as a formula."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from experiments.autograd.graph.setup import POINT, Expressions, Map
from experiments.lab.answers import number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Rows, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, NotMeasured, Points
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Each, Slope, Theorem


@observation
class CostRow(Row):
    """One function."""

    function_operations: int
    """Of the program, every step once."""
    gradient_operations: int
    """Of the program and its gradient on the tape."""


@observation
class GrowthRow(CostRow):
    """An iterated function of one number."""

    function: Map
    """Applied ``depth`` times."""
    depth: int
    formula_operations: int
    """Of the derivative written out."""
    shared_operations: int
    """Of the derivative with common subexpressions named once."""


def run_growth(expressions: Expressions) -> Iterator[Event]:
    from experiments.autograd.core.counting import formula_cost, iterate, tape_cost

    deepest = expressions.params.largest_depth
    for name in expressions.params.maps:
        for depth in range(1, deepest + 1):
            yield Progress(f"{name} formula", depth, deepest)
            program = iterate(name, depth)
            cost, formula = tape_cost(program, [0.3]), formula_cost(program)
            yield GrowthRow(
                function=name,
                depth=depth,
                function_operations=cost.function,
                gradient_operations=cost.gradient,
                formula_operations=formula.derivative,
                shared_operations=formula.derivative_shared,
            )


def run_expressions(expressions: Expressions) -> Iterator[CostRow]:
    from experiments.autograd.core.counting import tape_cost

    for program in expressions.drawn[1]:
        cost = tape_cost(program, POINT)
        yield CostRow(function_operations=cost.function, gradient_operations=cost.gradient)


def doubling_by_map(rows: Sequence[GrowthRow]) -> Mapping[str, Instances]:
    """Whether operations fail to double between neighboring depths from 2 on; the control is the tape."""
    found = {}
    for name in dict.fromkeys(row.function for row in rows):
        by_depth = {row.depth: row for row in rows if row.function == name and row.depth > 1}
        steps = list(pairwise(by_depth[depth] for depth in sorted(by_depth)))
        slow = [(a, b) for a, b in steps if b.formula_operations < 2 * a.formula_operations]
        found[f"{name} map"] = Instances(
            errors=[float(step in slow) for step in steps],
            control=[float(b.gradient_operations < 2 * a.gradient_operations) for a, b in steps],
            counterexample=", ".join(f"{row.formula_operations} operations at depth {row.depth}" for row in slow[0])
            if slow
            else None,
        )
    return found


def tape_over_depth(rows: Sequence[GrowthRow]) -> Points | NotMeasured:
    found = points(rows, "depth", "gradient_operations", function="logistic")
    return found if found.x else NotMeasured("needs the logistic map")


def gradient_over_function(rows: Rows) -> Instances:
    """Of every map and expression; the control is the derivative written out, at the largest depth."""
    grown = rows.of(GROWTH)
    deepest = max((row.depth for row in grown), default=0)
    return Instances(
        errors=[row.gradient_operations / row.function_operations for row in (*grown, *rows.of(EXPRESSIONS))],
        control=[row.formula_operations / row.function_operations for row in grown if row.depth == deepest],
    )


def formula_in_the_deepest(rows: Sequence[GrowthRow]) -> str:
    """What the curve of formulas shows."""
    deepest = max(row.depth for row in rows)
    counts = {row.function: row.formula_operations for row in rows if row.depth == deepest}
    most, fewest = (end(counts, key=lambda function: counts[function]) for end in (max, min))
    said = f"{counts[most]:,} operations ({most}), {counts[fewest]:,} ({fewest})"
    return f"Written out, the derivative at depth {deepest} has {said}"


def tape_in_the_deepest(rows: Sequence[GrowthRow]) -> str:
    """What the curve of tapes shows."""
    deepest = max(row.depth for row in rows)
    costs = [row.gradient_operations / row.function_operations for row in rows if row.depth == deepest]
    least, most = number(min(costs)), number(max(costs))
    return f"At depth {deepest} function and gradient on the tape cost {least} to {most} functions"


GROWTH = Part(
    name="growth",
    row=GrowthRow,
    run=run_growth,
    claims=(
        Claim(
            "written_out_derivative_doubles_with_every_level",
            statement="A derivative that is written out at least doubles its operations with every further level.",
            rule=Each(Theorem("operations double with each depth from 2 on", control="the tape"), per="map"),
            measure=doubling_by_map,
            topic="Backpropagation is differentiation: cost",
            predicted={"logistic map": "holds", "polynomial map": "refuted", "mlp map": "refuted"},
            source="Baydin et al. 2018, for the logistic map; the others: pilot",
        ),
        Claim(
            "tape_grows_linearly_with_depth",
            statement="The cost of reverse mode is proportional to the depth of the composition.",
            rule=Slope("operations of the logistic map's tape over depth", theory=1.0, tolerance=0.1),
            measure=tape_over_depth,
            topic="Backpropagation on a computation graph: cost by depth",
            predicted="holds",
            source="Griewank and Walther 2008",
        ),
    ),
    tables=(
        Table(
            title="Operations of a derivative",
            by=("function", "depth"),
            columns=("function_operations", "gradient_operations", "shared_operations", "formula_operations"),
        ),
    ),
    curves=(
        Curve(
            "formula_operations", "depth", "formula_operations", "function", y_scale="log", title=formula_in_the_deepest
        ),
        Curve("tape_operations", "depth", "gradient_operations", "function", title=tape_in_the_deepest),
    ),
)

EXPRESSIONS = Part(name="expressions", row=CostRow, run=run_expressions)

CHEAP = Claim(
    "gradient_costs_at_most_five_functions",
    statement="Function and gradient together cost at most 5 times the function, at any number of inputs and levels.",
    rule=Theorem(
        "operations on the tape over operations of the function", control="the derivative written out", tolerance=5
    ),
    measure=gradient_over_function,
    topic="Backpropagation on a computation graph: cost",
    predicted="holds",
    source="Griewank and Walther 2008: the cheap gradient",
)
