"""How many dimensions arrays have, and which can be multiplied: matrices of all small shapes, then other arrays."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from experiments.foundation.statements.trials import TrialRow, instances_by_case, trials_of, tried
from experiments.lab.experiment import Part, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Observed
from experiments.lab.judge.rules import Each, Fact, Theorem
from experiments.math.linalg.setup import LinalgSetup

if TYPE_CHECKING:
    from torch import Tensor

Shape = tuple[int, ...]
OTHERS: dict[str, tuple[Shape, Shape]] = {
    "1-D by 1-D": ((3,), (3,)),
    "2-D by 1-D": ((2, 3), (3,)),
    "batch by 2-D": ((5, 2, 3), (3, 4)),
    "2-D by batch": ((2, 3), (5, 3, 4)),
    "batch by batch": ((5, 2, 3), (5, 3, 4)),
}
"""Operands that torch multiplies though they are not both matrices."""


def run(setup: LinalgSetup) -> Iterator[TrialRow]:
    yield from dimension_trials()
    sizes = range(1, setup.params.largest_shape + 1)
    for m, n, p, q in itertools.product(sizes, repeat=4):
        yield shape_trial("2-D by 2-D", (m, n), (p, q))
    for case, (first, second) in OTHERS.items():
        yield shape_trial(case, first, second)


def dimension_trials() -> Iterator[TrialRow]:
    """numpy's ndim of a scalar, a vector, a matrix and a cube is 0 to 3; the control reads the first size instead."""
    arrays = {"scalar": np.array(3.0), "vector": np.ones(3), "matrix": np.ones((3, 1)), "cube": np.ones((2, 3, 4))}
    for expected, (case, array) in enumerate(arrays.items()):
        control = abs(array.shape[0] - expected) if array.ndim else 1
        yield TrialRow(
            statement="dimensions", case=case, error=float(array.ndim != expected), control_error=float(control)
        )


def shape_trial(case: str, first: Shape, second: Shape) -> TrialRow:
    """Does torch.matmul accept (m, n) and (p, q) iff n = p, and give (m, q)? The control is the elementwise product."""
    import torch

    rule = (first[0], second[1]) if len(first) == len(second) == 2 and first[1] == second[0] else None
    matmul, elementwise = (shape_of(product, first, second) for product in (torch.matmul, torch.mul))
    differs = f"{first} times {second} gives {matmul}, though only 2-D operands have rows and columns"
    return TrialRow(
        statement="shape",
        case=case,
        error=float(matmul != rule),
        control_error=float(elementwise != rule),
        counterexample=differs if matmul != rule else "",
    )


def shape_of(product: Callable[..., Tensor], first: Shape, second: Shape) -> Shape | None:
    """Of the product of tensors of these shapes; None where torch refuses."""
    import torch

    try:
        return tuple(product(torch.ones(first), torch.ones(second)).shape)
    except RuntimeError:
        return None


def of_first_seed(rows: Sequence[TrialRow]) -> list[TrialRow]:
    """Shapes are the same for every seed."""
    return [row for row in rows if row.seed == rows[0].seed]


def every_matrix(rows: Sequence[TrialRow]) -> Instances:
    matrices = trials_of(of_first_seed(rows), "shape", "2-D by 2-D")
    return replace(tried(matrices), all_of="all pairs of matrices of the sizes tried")


def every_number_of_dimensions(rows: Sequence[TrialRow]) -> Mapping[str, Instances]:
    return instances_by_case("shape")(of_first_seed(rows))


def wrong_dimensions(rows: Sequence[TrialRow]) -> Observed:
    return Observed(sum(row.error for row in trials_of(rows, "dimensions")))


PART = Part(
    name="shapes",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "dimensions_count_the_axes",
            statement="A scalar has 0 dimensions, a vector 1, a matrix 2 and a cube of numbers 3, at any size.",
            rule=Fact("the number of them for which numpy's ndim says otherwise", expected=0),
            measure=wrong_dimensions,
            topic="Scalars to tensors: dimensions",
            predicted="holds",
            source="documentation of numpy.ndarray.ndim: the number of axes",
        ),
        Claim(
            "matrix_product_needs_equal_inner_sizes",
            statement="A (m, n) times B (p, q) exists exactly if n = p, and then has the shape (m, q).",
            rule=Theorem("torch.matmul follows the rule for all four sizes", control="the elementwise product"),
            measure=every_matrix,
            topic="Shape rules of the matrix product",
            predicted="holds",
            source="Strang 2016",
        ),
        Claim(
            "shape_rule_covers_torch_matmul",
            statement="Two tensors can be multiplied only if the first has as many columns as the second has rows.",
            rule=Each(
                Theorem(
                    "torch.matmul accepts and shapes exactly what the rule for matrices says",
                    control="the elementwise product",
                ),
                per="number of dimensions",
            ),
            measure=every_number_of_dimensions,
            topic="Shape rules of the matrix product",
            predicted={"2-D by 2-D": "holds", **dict.fromkeys(OTHERS, "refuted")},
            source="documentation of torch.matmul: vectors and batches of matrices",
        ),
    ),
    tables=(Table(title="Dimensions and shapes", by=("statement", "case"), columns=("error", "control_error")),),
)
