"""Do Voronoi cells give nearest sites?

Do Voronoi cells partition space, and is the nearest site the one whose cell holds the query?

Every cell is built by qhull and clipped to a box; membership is decided by the half-spaces of the cell's own facets, so
that it can be compared with the nearest site by distance. Unbounded cells, ties and degenerate corners are counted,
never skipped silently.

Notes: Voronoi diagram and the theorems on it.

Source: Aurenhammer: Voronoi diagrams - a survey of a fundamental geometric data structure, ACM Computing Surveys 23(3),
1991.
"""

from __future__ import annotations

from experiments.ann.voronoi import cells, laws
from experiments.ann.voronoi.setup import Params, prepare
from experiments.foundation.statements.trials import trials_of
from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows


def answer(findings: Findings, rows: Rows) -> str:
    measured, tried = rows.of(cells.PART), rows.of(laws.PART)
    outside = sum(row.error for row in trials_of(tried, "cell of the nearest site"))
    gap = max(row.error for row in trials_of(tried, "fill the box"))
    return (
        f"Of {sum(row.places for row in measured):,} places, {number(outside)} lie outside the cell of their nearest "
        f"site or in another cell too, and the cells' total size differs from the box's by {percent(gap)}. "
        f"A cell has {number(mean(measured, 'mean_sides'))} sides on average."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, cells.PART),
    answer=answer,
    headline=Headline(part=laws.PART, table=laws.SHOWN),
)
