"""What an MLP and a forest lose when the columns are rotated, joined by uninformative ones, or not scaled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from experiments.arch.core.tabular import Change
from experiments.arch.tabular.models import FOREST, MLP
from experiments.arch.tabular.setup import Tables
from experiments.arch.tabular.tables import overlap
from experiments.lab.experiment import Event, Part, Progress, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect

ROTATED: Final = "rotated"
JOINED: Final = "uninformative"
UNSCALED: Final = "unscaled"


@observation
class ChangeRow(Row):
    """One model on one table whose columns were changed, tuned anew."""

    table: str
    change: str
    model: str
    explained: float
    """Share of the constant's squared error that the model removes."""
    lost_share: float
    """Share of what it explains of the same split of the table as it is; negative where the change helps."""
    at_edge: bool
    """Whether its learning rate is the smallest or the largest that was tried."""


def run(tables: Tables) -> Iterator[Event]:
    params = tables.params
    todo: list[tuple[str, Change, str]] = [(name, UNSCALED, MLP) for name in params.unscaled]
    for change in ROTATED, JOINED:
        todo += [(name, change, model) for name in params.changed for model in (MLP, FOREST)]
    for done, (name, change, model) in enumerate(todo):
        yield Progress(f"{name} {change}, {model}", done, len(todo))
        plain = tables.score_of(name, model).score.explained
        found = tables.score_of(name, model, change)
        explained = found.score.explained
        yield ChangeRow(
            table=name,
            change=change,
            model=model,
            explained=explained,
            lost_share=1 - explained / plain,
            at_edge=found.at_edge,
        )


def losses(
    change: Change, model: str, other: str | None = None
) -> Callable[[Sequence[ChangeRow]], Mapping[str, Pairs | Undecided]]:
    """Per table: what ``model`` loses by the change, against what the other does, or against 0."""

    def measure(rows: Sequence[ChangeRow]) -> Mapping[str, Pairs | Undecided]:
        chosen = kept(rows, {"change": change})
        return {name: of_table(kept(chosen, {"table": name})) for name in dict.fromkeys(row.table for row in chosen)}

    def of_table(rows: Sequence[ChangeRow]) -> Pairs:
        lost = by_seed(rows, "lost_share", model=model)
        baseline = by_seed(rows, "lost_share", model=other) if other else dict.fromkeys(lost, 0.0)
        return Pairs(lost, baseline, overlap=overlap(rows[0].table))

    return measure


PART = Part(
    name="changes",
    row=ChangeRow,
    run=run,
    claims=(
        Claim(
            "rotation_costs_the_forest_more",
            statement="A rotation of the columns costs a forest a tenth more of what it explains than an MLP.",
            rule=Each(Effect("share lost by rotating, forest - MLP", delta=0.1), per="table"),
            measure=losses(ROTATED, FOREST, MLP),
            topic="MLP for tables",
            predicted={"jumps": "holds", "bends": "refuted"},
            source="Grinsztajn et al. 2022 for tables whose columns mean something; those of bends do not",
        ),
        Claim(
            "uninformative_columns_cost_the_mlp_more",
            statement="50 columns that say nothing cost an MLP a tenth more of what it explains than a forest.",
            rule=Each(Effect("share lost by columns that say nothing, MLP - forest", delta=0.1), per="table"),
            measure=losses(JOINED, MLP, FOREST),
            topic="MLP for tables",
            predicted="holds",
            source="Grinsztajn et al. 2022: MLP-like networks are not robust to uninformative features",
        ),
        Claim(
            "mlp_needs_scaled_columns",
            statement="In the units of its source a table costs an MLP a tenth of what it explains.",
            rule=Each(Effect("share lost without standardizing, MLP", delta=0.1), per="table"),
            measure=losses(UNSCALED, MLP),
            topic="MLP for tables",
            predicted="holds",
            source="LeCun et al. 1998, Efficient BackProp: inputs of very different variances slow learning",
        ),
    ),
    tables=(Table("What changed columns cost", by=("table", "change", "model"), columns=("explained", "lost_share")),),
)
