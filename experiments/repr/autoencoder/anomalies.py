"""A class is left out of training; can it be told from the others by what a method makes of it?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect
from experiments.repr.autoencoder.setup import Floats, Vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

AUTOENCODER, PCA_RESIDUAL, NEIGHBOR = "autoencoder's residual", "PCA's residual", "distance to the 5th neighbor"
HARDEST = 1
"""The digit that takes least ink, so that most methods find it the most ordinary."""


@observation
class AnomalyRow(Row):
    """One method and one class that it was not trained on."""

    dataset: str
    heldout: int
    method: str
    k: int
    """Numbers in the codes of autoencoder and PCA."""
    auroc: float
    """Chance that an image of the class scores higher than another test image; 0.5 without information."""


def run(vectors: Vectors) -> Iterator[Event]:
    from sklearn.metrics import roc_auc_score

    for done, label in enumerate(vectors.params.heldout):
        yield Progress("anomalies", done, len(vectors.params.heldout))
        of_class = vectors.test_labels == label
        for method, scores in anomaly_scores(vectors, vectors.train[vectors.train_labels != label]):
            yield AnomalyRow(
                dataset=vectors.name,
                heldout=label,
                method=method,
                k=vectors.tuned_size,
                auroc=float(roc_auc_score(of_class, scores)),
            )


def anomaly_scores(vectors: Vectors, normal: Floats) -> Iterator[tuple[str, Floats]]:
    """How unusual every test vector is by each method; all that a method is given are the vectors ``normal`` (n, d)."""
    from sklearn.ensemble import IsolationForest

    from experiments.repr.core.autoencoders import train_autoencoder
    from experiments.repr.core.pca import PCA

    test, k = vectors.test, vectors.tuned_size
    pca = PCA.fit(normal)
    network = train_autoencoder(normal, k, vectors.recipe(vectors.lr()), vectors.seed)
    yield AUTOENCODER, squared_distance(network.reconstruct(test), test)
    yield PCA_RESIDUAL, squared_distance(pca.reconstruct(test, k), test)
    yield NEIGHBOR, neighbor_distance(normal, test, 5)
    yield "isolation forest", -IsolationForest(random_state=vectors.seed).fit(normal).score_samples(test)
    yield "distance to the mean", squared_distance(pca.mean, test)


def squared_distance(found: Floats, wanted: Floats) -> Floats:
    """(n,)."""
    return np.square(found - wanted).sum(axis=1)


def neighbor_distance(base: Floats, queries: Floats, rank: int) -> NDArray[np.float64]:
    """Squared distance (m,) of each query to its neighbor of that rank in the base, or the farthest of fewer."""
    import faiss

    index = faiss.IndexFlatL2(base.shape[1])
    index.add(base.astype(np.float32))
    return index.search(queries.astype(np.float32), min(rank, len(base)))[0][:, -1].astype(np.float64)


def against(baseline: str) -> Callable[[Sequence[AnomalyRow]], Mapping[str, Pairs]]:
    """Per class: AUROC of the autoencoder and of a baseline."""

    def measure(rows: Sequence[AnomalyRow]) -> Mapping[str, Pairs]:
        return {
            f"class {label}": Pairs(
                by_seed(rows, "auroc", method=AUTOENCODER, heldout=label),
                by_seed(rows, "auroc", method=baseline, heldout=label),
            )
            for label in sorted({row.heldout for row in rows})
        }

    return measure


def below_chance(rows: Sequence[AnomalyRow]) -> Pairs:
    scores = by_seed(rows, "auroc", method=AUTOENCODER, heldout=HARDEST)
    return Pairs(dict.fromkeys(scores, 0.5), scores)


def easiest(rows: Sequence[AnomalyRow]) -> str:
    """What the curve shows."""
    found = {row.heldout: mean(rows, "auroc", method=AUTOENCODER, heldout=row.heldout) for row in rows}
    most, least = max(found, key=lambda label: found[label]), min(found, key=lambda label: found[label])
    return (
        f"An autoencoder finds a {most} among other digits (AUROC {number(found[most], 2)}), "
        f"a {least} least ({number(found[least], 2)})"
    )


PART = Part(
    name="anomalies",
    row=AnomalyRow,
    run=run,
    claims=(
        Claim(
            "autoencoder_finds_anomalies_better_than_pca",
            statement="The autoencoder's residual finds a class it never saw better than PCA's, by 0.02 AUROC.",
            rule=Each(Effect("AUROC, autoencoder's residual - PCA's", delta=0.02), per="class"),
            measure=against(PCA_RESIDUAL),
            topic="Anomaly detection",
            predicted={"class 0": "holds", "class 1": "holds", "class 4": "holds", "class 7": "holds"},
            source="pilot",
        ),
        Claim(
            "autoencoder_finds_anomalies_better_than_neighbors",
            statement="The autoencoder's residual finds it better than the distance to the fifth nearest neighbor.",
            rule=Each(Effect("AUROC, autoencoder's residual - neighbor's distance", delta=0.0), per="class"),
            measure=against(NEIGHBOR),
            topic="Anomaly detection",
            predicted={"class 0": "refuted", "class 1": "refuted", "class 4": "holds", "class 7": "holds"},
            source="pilot",
        ),
        Claim(
            "a_class_with_little_ink_looks_normal",
            statement="Ones that were never trained on are reconstructed better than the digits that were.",
            rule=Effect("0.5 - AUROC of the autoencoder's residual, class 1 left out", delta=0.0),
            measure=below_chance,
            topic="Anomaly detection",
            predicted="holds",
            source="pilot; Bouman and Heskes 2025: anomalies can be reconstructed perfectly",
        ),
    ),
    tables=(Table("A class left out of training, found by", by=("heldout", "method"), columns=("auroc",)),),
    curves=(Curve("auroc_by_class", "heldout", "auroc", "method", joined=False, title=easiest, limit=0.5),),
)
