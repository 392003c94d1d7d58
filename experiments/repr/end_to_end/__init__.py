"""Should features be learned jointly?

Should features and classifier be learned together, or features first?

Five digits are told apart from few labels and many: by features made by hand, at random, from other digits without and
with labels, each with one linear classifier; and by a convolutional network that learns both at once.

Notes: feature extraction and selection; end-to-end learning.

Source: Coates, Lee, Ng: An Analysis of Single-Layer Networks in Unsupervised Feature Learning, 2011; Dalal, Triggs:
Histograms of Oriented Gradients for Human Detection, 2005; Yosinski et al.: How transferable are features in deep
neural networks?, 2014.
"""

from __future__ import annotations

from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.repr.end_to_end import pipelines, selection
from experiments.repr.end_to_end.features import JOINT
from experiments.repr.end_to_end.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    compared = [row for row in rows.of(pipelines.PART) if row.chosen]
    choices = pipelines.tuned(rows.of(pipelines.PART))
    said = []
    for labels in dict.fromkeys(at(row.labels for row in compared) for at in (min, max)):
        best = pipelines.best_separate(choices, labels)[0]
        joint, apart = (
            percent(mean(compared, "test_accuracy", features=name, labels=labels)) for name in (JOINT, best)
        )
        said.append(f"with {labels} labels a class a network learned as a whole gets {joint} right, {best} {apart}")
    return f"{'; '.join(said).capitalize()}."


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(selection.LAWS, pipelines.PART, selection.PART),
    answer=answer,
    headline=Headline(
        pipelines.PART,
        Table("Test accuracy at most labels", by=("features",), columns=("test_accuracy", "dim", "labels")),
        pick=lambda rows: [row for row in rows if row.chosen and row.labels == max(other.labels for other in rows)],
    ),
)
