"""L1 beside L0: the convex envelope, the supports that both find, and what exhaustive search costs."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from experiments.foundation.statements.trials import TrialRow, distinct, tried
from experiments.lab.experiment import Event, Part, Progress, Row, Rows, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Trials
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Proportion, Slope, Theorem, Under
from experiments.train.sparsity.setup import Problems

CONDITIONS = {
    "iid": "support found where L0 finds it, iid features",
    "irrepresentable": "support found where L0 finds it, a feature resembling the sum",
}


@observation
class SupportRow(Row):
    """One problem whose true support is known."""

    design: str
    irrepresentability: float
    """Above 1 the L1 path need not pass the truth."""
    l0_found: float
    l1_found: float


@observation
class SearchRow(Row):
    features: int
    subsets: int
    """Of three features."""
    search_seconds: float
    """Processor time."""


def envelope(problems: Problems) -> Iterator[TrialRow]:
    """The grid of slopes contains every slope of the envelope, so rounding alone remains."""
    from experiments.train.core.sparse_regression import envelope_error

    error, control = (envelope_error(box, 50) for box in (1.0, 2.0))
    yield TrialRow(statement="convex envelope", case="unit box", error=error, control_error=control)


def supports(problems: Problems) -> Iterator[Event]:
    """Does exhaustive search find the true support, and does the L1 path pass it?"""
    import numpy as np

    from experiments.train.core import sparse_regression as sparse

    params = problems.params
    for design, drawn in problems.supports.items():
        for trial, (X, y, w) in enumerate(drawn):
            yield Progress("supports", trial, len(drawn))
            lams = np.geomspace(0.02, float(np.abs(X.T @ y).max()) / len(y), 4 * params.path_lams)
            best, _ = sparse.best_subset(X, y, params.subset_k)
            yield SupportRow(
                design=design,
                irrepresentability=sparse.irrepresentability(X, w),
                l0_found=float(best == tuple(np.flatnonzero(w))),
                l1_found=float(sparse.on_path(X, y, w != 0, lams.tolist(), 300)),
            )


def search(problems: Problems) -> Iterator[SearchRow]:
    from experiments.train.core.sparse_regression import best_subset

    for X, y, _ in problems.searched:
        best_subset(X[:, :4], y, 3)
        start = time.process_time()
        _, subsets = best_subset(X, y, 3)
        yield SearchRow(features=X.shape[1], subsets=subsets, search_seconds=time.process_time() - start)


def l1_beside_l0(rows: Rows) -> Mapping[str, Instances | Trials]:
    """Supports are counted where exhaustive search finds the true one."""
    found: dict[str, Instances | Trials] = {"convex envelope on the unit box": tried(distinct(rows.of(ENVELOPE)))}
    for design, condition in CONDITIONS.items():
        solved = [row for row in rows.of(SUPPORTS) if row.design == design and row.l0_found]
        found[condition] = Trials.of((row.seed, row.l1_found) for row in solved)
    return found


ENVELOPE = Part(
    name="envelope",
    row=TrialRow,
    run=envelope,
    tables=(Table(title="Convex envelope of L0", by=("case",), columns=("error", "control_error")),),
)
SUPPORTS = Part(
    name="supports",
    row=SupportRow,
    run=supports,
    tables=(Table(title="True support found", by=("design",), columns=("l0_found", "l1_found", "irrepresentability")),),
)
SEARCH = Part(
    name="search",
    row=SearchRow,
    run=search,
    claims=(
        Claim(
            "exhaustive_search_costs_every_subset",
            statement="Exhaustive search for the best L0 solution takes time proportional to the number of subsets.",
            rule=Slope("processor time over the number of subsets", theory=1.0, tolerance=0.1),
            measure=lambda rows: points(rows, "subsets", "search_seconds"),
            topic="L0 is NP-hard",
            predicted="holds",
            source="every subset costs one solution of a 3 x 3 system",
        ),
    ),
    tables=(Table(title="Exhaustive search", by=("features",), columns=("subsets", "search_seconds")),),
)
BEST_CONVEX = Claim(
    "l1_is_the_best_convex_stand_in_for_l0",
    statement="The L1 norm is the best convex substitute for the L0 norm.",
    rule=Under(
        {
            "convex envelope on the unit box": Theorem(
                "|x| and the convex envelope of L0", control="a box of half width 2", tolerance=1e-12
            ),
            CONDITIONS["iid"]: Proportion("share of supports that the L1 path passes", at_least=0.8),
            CONDITIONS["irrepresentable"]: Proportion("share of supports that the L1 path passes", at_least=0.8),
        }
    ),
    measure=l1_beside_l0,
    topic="L1 as convex approximation of L0",
    predicted={
        "convex envelope on the unit box": "holds",
        CONDITIONS["iid"]: "holds",
        CONDITIONS["irrepresentable"]: "refuted",
    },
    source="Zhao and Yu 2006: the L1 path needs the irrepresentable condition",
)
