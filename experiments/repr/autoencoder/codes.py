"""How well a linear classifier tells classes apart from a code of k numbers alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.lab.answers import mean, percent
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect
from experiments.repr.autoencoder.setup import Floats, Vectors


@observation
class CodeRow(Row):
    """One kind of code."""

    dataset: str
    codes: str
    k: int
    test_accuracy: float
    test_items: int


def run(vectors: Vectors) -> Iterator[CodeRow]:
    for k in vectors.sizes:
        network, pca = vectors.trained(k, vectors.lr()), vectors.pca()
        yield read(vectors, "PCA", k, pca.encode(vectors.train, k), pca.encode(vectors.test, k))
        yield read(vectors, "autoencoder", k, network.encode(vectors.train), network.encode(vectors.test))


def read(vectors: Vectors, codes: str, k: int, train: Floats, test: Floats) -> CodeRow:
    """The accuracy of a logistic regression on standardized codes."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # with k numbers and thousands of images the strength of the penalty hardly matters
    classifier = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    accuracy = classifier.fit(train, vectors.train_labels).score(test, vectors.test_labels)
    return CodeRow(dataset=vectors.name, codes=codes, k=k, test_accuracy=float(accuracy), test_items=len(test))


def gain(rows: Sequence[CodeRow]) -> Mapping[str, Pairs]:
    return {
        f"k = {k}": Pairs(
            by_seed(rows, "test_accuracy", codes="autoencoder", k=k),
            by_seed(rows, "test_accuracy", codes="PCA", k=k),
            items=rows[0].test_items,
        )
        for k in sorted({row.k for row in rows})
    }


def read_off(rows: Sequence[CodeRow]) -> str:
    """What the curve shows."""
    k = min(row.k for row in rows)
    bent, flat = (percent(mean(rows, "test_accuracy", codes=codes, k=k)) for codes in ("autoencoder", "PCA"))
    return f"From {k} numbers a linear classifier reads {bent} of the classes (autoencoder), {flat} (PCA)"


PART = Part(
    name="codes",
    row=CodeRow,
    run=run,
    claims=(
        Claim(
            "codes_are_better_features",
            statement="A linear classifier is 3 points more accurate on an autoencoder's code than on PCA's.",
            rule=Each(Effect("test accuracy, autoencoder's codes - PCA's", delta=0.03), per="size of the code"),
            measure=gain,
            topic="Feature extraction",
            predicted={"k = 2": "holds", "k = 8": "holds", "k = 32": "refuted"},
            source="pilot",
        ),
    ),
    tables=(Table("Classes read off a code", by=("codes", "k"), columns=("test_accuracy",)),),
    curves=(Curve("codes_accuracy", "k", "test_accuracy", "codes", x_scale="log", title=read_off),),
)
