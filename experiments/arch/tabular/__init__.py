"""Is an MLP the network for tables?

Is an MLP the network for tables, or are lines and trees the better models?

An MLP, ridge or logistic regression, a random forest and boosted trees, each tuned by the same inner folds over as many
settings: on three small real tables, on two that are drawn, and after the columns were rotated, joined by uninformative
ones, or left unscaled. With table=FILE.csv target=COLUMN it says which of them to take for a table of yours.

Notes: MLP for tables.

Source: Grinsztajn, Oyallon, Varoquaux: Why do tree-based models still outperform deep learning on typical tabular
data?, https://arxiv.org/abs/2207.08815, 2022; Nadeau, Bengio: Inference for the Generalization Error, Machine Learning
52, 2003; Ng: Feature selection, L1 vs. L2 regularization, and rotational invariance, ICML 2004.
"""

from __future__ import annotations

from experiments.arch.tabular import changes, laws, own, tables
from experiments.arch.tabular.setup import Params, prepare
from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Own, Rows, Table, kept


def answer(findings: Findings, rows: Rows) -> str:
    found = rows.of(tables.PART)
    if own.is_own(found):
        return own.answer(found)
    best = {table: own.best_of(kept(found, {"table": table}), table) for table in dict.fromkeys(r.table for r in found)}

    def explains(model: str, table: str) -> str:
        return f"{model} {number(mean(found, 'explained', table=table, model=model), 2)}"

    said = (
        f"on {table} by {explains(model, table)}" + (f" (MLP {explains('MLP', table)[4:]})" if model != "MLP" else "")
        for table, model in best.items()
    )
    return f"Most of the constant's squared error is removed {listing(said)}."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(laws.PART, tables.PART, changes.PART),
    answer=answer,
    headline=Headline(
        tables.PART,
        Table("What each model explains, at most 1", by=("model", "table"), columns=("explained", "error")),
        pick=lambda rows: [row for row in rows if row.model in ("MLP", own.best_of(rows, row.table))],
    ),
    own=Own(
        given=lambda params: params.table is not None,
        parts=(tables.PART.name,),
        headline=Headline(
            tables.PART,
            Table("Five folds of your table", by=("model",), columns=("explained", "error", "seconds")),
        ),
    ),
)
