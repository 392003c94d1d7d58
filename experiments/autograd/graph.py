"""What does a framework keep and compute when it differentiates: leaves, a tape, a formula, a captured graph?

A reverse-mode tape of our own is compared with torch and sympy; its cost with that of the written-out formula;
torch is asked which tensors keep .grad and what four ways to capture a model make of a data-dependent branch.

Notes: leaf tensors and .grad (002:71-75, 144); backpropagation on a graph, static and dynamic graphs (004:39-43).
Source: Griewank, Walther: Evaluating Derivatives, 2nd edition, 2008; Baydin, Pearlmutter, Radul, Siskind:
Automatic Differentiation in Machine Learning: a Survey, JMLR 18, 2018; PyTorch documentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, conditional, fact, slope, theorem, undecided

if TYPE_CHECKING:
    import numpy as np

NAN = float("nan")


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    maps: tuple[Literal["logistic", "polynomial", "mlp"], ...] = ("logistic", "polynomial", "mlp")
    """Maps that are applied depth times: 4x(1 - x), x^2 + 1/4, tanh(3x/2 + 1/4)."""
    largest_depth: Annotated[int, Field(ge=2, le=10)] = 5
    """Depths from 1 to this; a logistic formula has more than eight times the terms at two more."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Random expressions on which the tape is compared."""
    program_steps: Annotated[int, Field(ge=1, le=30)] = 8
    """Operations in a random expression of three inputs."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """agreement, cost, created, computed or capture."""
    case: str
    """Peer, map, tensor or way of capturing."""
    depth: int = 0
    """Applications of the map."""
    error: float = NAN
    """Tape against peer, or graph against model."""
    control_error: float = NAN
    function_operations: int = 0
    """Of the program, every step once."""
    gradient_operations: int = 0
    """Of the program and its gradient on the tape."""
    formula_operations: int = 0
    """Of the derivative written out."""
    shared_operations: int = 0
    """Of the derivative with common subexpressions named once."""
    is_leaf: bool = False
    keeps_grad: bool = False
    outcome: str = ""
    """Of a capture: right, wrong or refused."""
    graph_breaks: int = 0
    witness: str = ""


def run(params: Params, seed: int) -> Iterator[Event]:
    import numpy as np

    from experiments.autograd.core import agreement, leaves

    rng = np.random.default_rng(seed)
    yield Note(_tape_of_an_example())
    for trial in range(params.trials):
        yield Progress("random expressions", trial, params.trials)
        for peer in (*agreement.expression_agreement(rng, 3, params.program_steps), agreement.network_agreement(rng)):
            yield Row(part="agreement", case=peer.peer, error=peer.error, control_error=peer.control_error)
    yield from _cost_rows(params, rng)
    for part, cases in (("created", leaves.CREATED), ("computed", leaves.COMPUTED)):
        for tried in leaves.try_all(cases):
            yield Row(part=part, case=tried.case, is_leaf=tried.is_leaf, keeps_grad=tried.keeps_grad)
    yield from _capture_rows()


def _tape_of_an_example() -> str:
    from experiments.autograd.core.tape import Tape, sin

    tape = Tape()
    x, y = tape.variable(2.0), tape.variable(3.0)
    dx, dy = tape.gradient(x * y + sin(x), [x, y])
    listing = tape.listing().replace("\n", "; ")
    return f"The tape of x y + sin(x) at (2, 3): {listing}. Read backwards: d/dx = {dx:.4f}, d/dy = {dy:.4f}."


def _cost_rows(params: Params, rng: np.random.Generator) -> Iterator[Event]:
    """Operations of maps by depth, and of random expressions, which have no depth."""
    from experiments.autograd.core.counting import formula_cost, iterate, tape_cost
    from experiments.math.core.expressions import random_program

    for name in params.maps:
        for depth in range(1, params.largest_depth + 1):
            yield Progress(f"{name} formula", depth, params.largest_depth)
            program = iterate(name, depth)
            cost, formula = tape_cost(program, [0.3]), formula_cost(program)
            yield Row(
                part="cost",
                case=name,
                depth=depth,
                function_operations=cost.function,
                gradient_operations=cost.gradient,
                formula_operations=formula.derivative,
                shared_operations=formula.derivative_shared,
            )
    for _ in range(params.trials):
        cost = tape_cost(random_program(rng, [0.7, 1.1, 1.6], 3 * params.program_steps), [0.7, 1.1, 1.6])
        yield Row(part="cost", case="random", function_operations=cost.function, gradient_operations=cost.gradient)


def _capture_rows() -> Iterator[Event]:
    from experiments.autograd.core.capture import WAYS, capture

    for way in WAYS:
        yield Progress(f"capture by {way}", WAYS.index(way), len(WAYS))
        found = capture(way)
        yield Row(
            part="capture",
            case=way,
            error=found.error,
            outcome=found.outcome,
            graph_breaks=found.graph_breaks,
            witness=found.witness,
        )
        if found.warned:
            yield Note(
                f"{way} warns while it records the branch; the graph that it returns says nothing when it is wrong."
            )


def _of(rows: Sequence[Row], part: str) -> list[Row]:
    return [row for row in rows if row.part == part]


def created_tensors_keep_grad(rows: Sequence[Row]) -> Comparison:
    return conditional({row.case: fact(row.keeps_grad, True) for row in _of(rows, "created")})


def computed_tensors_keep_no_grad(rows: Sequence[Row]) -> Comparison:
    return conditional({row.case: fact(row.keeps_grad, False) for row in _of(rows, "computed")})


def computed_tensors_are_no_leaves(rows: Sequence[Row]) -> Comparison:
    return conditional({row.case: fact(row.is_leaf, False) for row in _of(rows, "computed")})


def tape_equals_torch_and_sympy(rows: Sequence[Row]) -> Comparison:
    tried = _of(rows, "agreement")
    return theorem([row.error for row in tried], tolerance=1e-12, control=[row.control_error for row in tried])


def written_out_derivative_doubles_with_every_level(rows: Sequence[Row]) -> Comparison:
    """Between neighboring depths from 2 on; the control is the tape, whose cost must not double."""
    parts = {}
    for name in dict.fromkeys(row.case for row in _of(rows, "cost") if row.depth):
        by_depth = {row.depth: row for row in _of(rows, "cost") if row.case == name}
        deeper = [
            (by_depth[depth], by_depth[depth + 1]) for depth in sorted(by_depth) if depth > 1 and depth + 1 in by_depth
        ]
        parts[f"{name} map"] = theorem(
            [float(b.formula_operations < 2 * a.formula_operations) for a, b in deeper],
            control=[float(b.gradient_operations < 2 * a.gradient_operations) for a, b in deeper],
            counterexample=next(
                (_growth(a, b) for a, b in deeper if b.formula_operations < 2 * a.formula_operations), None
            ),
        )
    return conditional(parts)


def _growth(a: Row, b: Row) -> str:
    return f"{a.formula_operations} operations at depth {a.depth}, {b.formula_operations} at depth {b.depth}"


def gradient_costs_at_most_five_functions(rows: Sequence[Row]) -> Comparison:
    """The control is the derivative written out, at the largest depth."""
    costs = _of(rows, "cost")
    deepest = max(row.depth for row in costs)
    return theorem(
        [row.gradient_operations / row.function_operations for row in costs],
        tolerance=5.0,
        control=[row.formula_operations / row.function_operations for row in costs if row.depth == deepest],
    )


def tape_grows_linearly_with_depth(rows: Sequence[Row]) -> Comparison:
    maps = list(dict.fromkeys(row.case for row in _of(rows, "cost") if row.depth))
    if "logistic" not in maps:
        return undecided("slope", "judged on the logistic map, which was not run")
    costs = [row for row in _of(rows, "cost") if row.case == "logistic"]
    depths = sorted({row.depth for row in costs})
    counts = {
        seed: [row.gradient_operations for row in costs if row.seed == seed] for seed in {row.seed for row in costs}
    }
    return slope(depths, counts, theory=1.0, tolerance=0.1)


def captured_graph_computes_what_the_model_computes(rows: Sequence[Row]) -> Comparison:
    parts: dict[str, Comparison] = {}
    for row in _of(rows, "capture"):
        said = f"{row.outcome}: {row.witness}" if row.outcome == "wrong" else row.outcome
        parts[row.case] = fact(said, "right")
    return conditional(parts)


def compile_breaks_the_graph_once(rows: Sequence[Row]) -> Comparison:
    return fact(sorted({row.graph_breaks for row in _of(rows, "capture") if row.case == "torch.compile"}), [1])


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="A tensor that the user creates keeps its .grad after backward.",
            notes="Leaf tensors (002:74)",
            kind="conditional",
            rule="Per way to create it: .grad is set after backward from a loss that depends on it.",
            predicted="conditional",
            judge=created_tensors_keep_grad,
        ),
        Claim(
            statement="The result of an operation keeps no .grad after backward.",
            notes="Non-leaf tensors (002:75)",
            kind="conditional",
            rule="Per way to compute it: .grad is None after backward from a loss that depends on it.",
            predicted="conditional",
            judge=computed_tensors_keep_no_grad,
        ),
        Claim(
            statement="The result of an operation is not a leaf.",
            notes="Leaf and non-leaf tensors (002:74-75)",
            kind="conditional",
            rule="Per way to compute it: is_leaf is False.",
            predicted="conditional",
            judge=computed_tensors_are_no_leaves,
        ),
        Claim(
            statement=(
                "Reverse mode on a tape of sixteen operations gives the gradient of torch and of the symbolic "
                "derivative."
            ),
            notes="Backpropagation on a computation graph (004:39-41)",
            kind="theorem",
            rule=(
                "Error <= 1e-12 relative to the gradient, expressions and a network; forward differences must "
                "exceed it."
            ),
            predicted="holds",
            judge=tape_equals_torch_and_sympy,
        ),
        Claim(
            statement=(
                "A derivative that is written out at least doubles its operations with every further level of a "
                "composition."
            ),
            notes="Backpropagation is differentiation (004:39)",
            kind="conditional",
            rule="Per map: between neighboring depths from 2 on, nothing shared; the tape must not double.",
            predicted="conditional",
            judge=written_out_derivative_doubles_with_every_level,
        ),
        Claim(
            statement=(
                "Function and gradient together cost at most 5 times the function, however many inputs and levels "
                "there are."
            ),
            notes="Backpropagation on a computation graph (004:39-41)",
            kind="theorem",
            rule=(
                "Operations on the tape / operations of the function <= 5 for all maps and expressions; formulas "
                "must exceed it."
            ),
            predicted="holds",
            judge=gradient_costs_at_most_five_functions,
        ),
        Claim(
            statement="The cost of reverse mode is proportional to the depth of the composition.",
            notes="Backpropagation on a computation graph (004:39-41)",
            kind="slope",
            rule="Log-log slope of the logistic map's tape operations over depth: holds iff 1 is met within 0.1.",
            predicted="holds",
            judge=tape_grows_linearly_with_depth,
        ),
        Claim(
            statement=(
                "A graph captured ahead of time computes what the model computes, on both sides of a "
                "data-dependent branch."
            ),
            notes="Static and dynamic graphs (004:42-43)",
            kind="conditional",
            rule="Per way of capturing: accepted, and equal to the model on an input for each branch.",
            predicted="conditional",
            judge=captured_graph_computes_what_the_model_computes,
        ),
        Claim(
            statement="torch.compile falls back to Python once at a data-dependent branch instead of refusing it.",
            notes="Static and dynamic graphs (004:42-43)",
            kind="fact",
            rule="One graph break.",
            predicted="holds",
            judge=compile_breaks_the_graph_once,
        ),
    ),
    tables=(
        Table(
            title="Operations of a derivative",
            by=("case", "depth"),
            columns=("function_operations", "gradient_operations", "shared_operations", "formula_operations"),
            where=lambda row: row.part == "cost",
        ),
        Table(
            title="Which tensors keep .grad",
            by=("part", "case", "is_leaf", "keeps_grad"),
            columns=(),
            where=lambda row: row.part in ("created", "computed"),
        ),
        Table(
            title="A branch under capture",
            by=("case", "outcome"),
            columns=("error", "graph_breaks"),
            where=lambda row: row.part == "capture",
        ),
        Table(
            title="The tape and its peers",
            by=("case",),
            columns=("error", "control_error"),
            where=lambda row: row.part == "agreement",
        ),
    ),
    curves=(
        Curve(
            name="formula_operations",
            x="depth",
            y="formula_operations",
            group="case",
            y_scale="log",
            where=lambda row: row.part == "cost" and row.depth > 0,
        ),
        Curve(
            name="tape_operations",
            x="depth",
            y="gradient_operations",
            group="case",
            where=lambda row: row.part == "cost" and row.depth > 0,
        ),
    ),
)
