"""Autoencoders and PCA at the same k on vectors that neither has seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from experiments.foundation.networks.tuning import choose, untuned
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Ratio
from experiments.repr.autoencoder.setup import Vectors, mean_squared


@observation
class ErrorRow(Row):
    """One autoencoder and PCA beside it; errors are squared ones per number, on test vectors."""

    dataset: str
    k: int
    lr: float
    chosen: bool
    """Whether validation chose this rate."""
    validation_error: float
    autoencoder_error: float
    pca_error: float
    autoencoder_over_pca: float
    pca_variance_kept: float
    """Share of the training vectors' variance."""
    autoencoder_parameters: int
    pca_parameters: int


def run(vectors: Vectors) -> Iterator[Event]:
    for done, k in enumerate(vectors.sizes):
        yield Progress("autoencoders", done, len(vectors.sizes))
        for lr in vectors.params.lrs if k == vectors.tuned_size else (vectors.lr(),):
            yield beside_pca(vectors, k, lr)


def beside_pca(vectors: Vectors, k: int, lr: float) -> ErrorRow:
    network, test = vectors.trained(k, lr), vectors.test
    bent, flat = (
        mean_squared(found, test) for found in (network.reconstruct(test), vectors.pca().reconstruct(test, k))
    )
    return ErrorRow(
        dataset=vectors.name,
        k=k,
        lr=lr,
        chosen=lr == vectors.lr(),
        validation_error=vectors.validation_error(k, lr),
        autoencoder_error=bent,
        pca_error=flat,
        autoencoder_over_pca=bent / flat if flat else float("inf"),
        pca_variance_kept=1 - vectors.pca().left_out(k) / vectors.pca().left_out(0),
        autoencoder_parameters=network.parameters,
        pca_parameters=(k + 1) * test.shape[1],
    )


def chosen(rows: Sequence[ErrorRow]) -> list[ErrorRow]:
    return [row for row in rows if row.chosen]


def edge(rows: Sequence[ErrorRow]) -> Undecided | None:
    """Where all rates were tried, the best in the mean must lie inside the grid."""
    rates = [{row.lr for row in rows if row.k == k} for k in {row.k for row in rows}]
    tuned = [row for row in rows if {other.lr for other in rows if other.k == row.k} == max(rates, key=len)]
    best = choose(tuned, score=lambda row: -row.validation_error, arm=lambda row: row.k)
    reason = untuned(*best.values())
    return Undecided(reason) if reason else None


def saved(rows: Sequence[ErrorRow]) -> Mapping[str, Pairs | Undecided]:
    """Per k: PCA's error and the autoencoder's."""
    best = chosen(rows)
    return {
        f"k = {k}": edge(rows) or Pairs(by_seed(best, "pca_error", k=k), by_seed(best, "autoencoder_error", k=k))
        for k in sorted({row.k for row in rows})
    }


def gained(rows: Sequence[ErrorRow]) -> str:
    """What the curve shows."""
    ratios = {row.k: mean(chosen(rows), "autoencoder_over_pca", k=row.k) for row in rows}
    first, last = min(ratios), max(ratios)
    return (
        f"An autoencoder has {number(ratios[first], 2)} of PCA's error at k = {first}, "
        f"{number(ratios[last], 2)} at k = {last}"
    )


PART = Part(
    name="errors",
    row=ErrorRow,
    run=run,
    claims=(
        Claim(
            "bending_saves_a_fifth_of_the_error",
            statement="With as many numbers an autoencoder has at most 0.8 of PCA's error on images it has not seen.",
            rule=Each(Ratio("PCA's test error over the autoencoder's", at_least=1.25), per="size of the code"),
            measure=saved,
            topic="Dimension reduction: PCA and autoencoders",
            predicted={"k = 2": "holds", "k = 8": "holds", "k = 32": "refuted"},
            source="pilot",
        ),
    ),
    tables=(
        Table(
            "Test error at the rate that validation chose",
            by=("k",),
            columns=("autoencoder_error", "pca_error", "autoencoder_over_pca", "autoencoder_parameters"),
            only={"chosen": True},
        ),
        Table("Learning rates", by=("k", "lr"), columns=("validation_error", "autoencoder_error")),
    ),
    curves=(
        Curve(
            "error_over_pca",
            "k",
            "autoencoder_over_pca",
            x_scale="log",
            only={"chosen": True},
            title=gained,
            limit=0.8,
        ),
    ),
)
