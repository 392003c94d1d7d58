"""Small images out of noise: how far are they from real ones, in what a judge network sees?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.arch.gan.setup import BALANCED, EAGER, Games
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Artifact, Curve, Event, Note, Part, Progress, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Trials
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Proportion, Ratio

if TYPE_CHECKING:
    from torch import Tensor

PLAYED = (BALANCED, EAGER)


@observation
class ImageRow(Row):
    """One training, looked at after so many updates of both players."""

    dataset: str
    rules: str
    updates: int
    frechet: float
    """Squared Fréchet distance to as many training images in the judge's 64 features."""
    floor: float
    """That of as many test images, which no generator need undercut."""
    classes: int
    """Classes that at least 2 % of the images are taken for."""
    confident_share: float
    """Images of which the judge is sure by at least 0.9."""
    generator_loss: float
    """Of the last batch; 0 before the first."""
    seconds: float


def run(games: Games) -> Iterator[Event]:
    from experiments.arch.core.adversarial_game import frechet_distance
    from experiments.arch.core.image_gans import opinion

    judge, note = games.judge()
    train, test, name = games.images()
    n = games.params.measured
    real, unseen = opinion(judge, train.inputs[:n]), opinion(judge, test.inputs[:n])
    right = (unseen.probabilities.argmax(1) == test.labels[:n]).double().mean().item()
    yield Note(f"The judge is {note}; it is right on {100 * right:.1f} % of {len(unseen.features)} test images.")
    floor = frechet_distance(real.features, unseen.features)
    for done, rules in enumerate(PLAYED):
        yield Progress("trainings", done, len(PLAYED))
        for snapshot in games.generated(rules):
            seen = opinion(judge, snapshot.images)
            yield ImageRow(
                dataset=name,
                rules=rules,
                updates=snapshot.updates,
                frechet=frechet_distance(real.features, seen.features),
                floor=floor,
                classes=seen.classes,
                confident_share=seen.confident,
                generator_loss=snapshot.loss,
                seconds=snapshot.seconds,
            )
            sheet = f"{'collapsing' if rules == EAGER else 'balanced'}_{snapshot.updates}.png"
            yield Artifact(sheet, partial(save_sheet, snapshot.images[:60]))


def save_sheet(images: Tensor, path: Path) -> None:
    """Up to 60 images (n, 1, h, w) of values in [-1, 1] as a PNG, ten in a row, each pixel four by four."""
    from PIL import Image

    rows = (
        images[: len(images) // 10 * 10].reshape(-1, 10, *images.shape[2:]).permute(0, 2, 1, 3).flatten(2).flatten(0, 1)
    )
    sheet = ((rows + 1) * 127.5).round().byte().numpy().repeat(4, 0).repeat(4, 1)
    Image.fromarray(sheet).save(path, format="PNG")


def first(rows: Sequence[ImageRow]) -> list[ImageRow]:
    """Before the first update."""
    return kept(rows, {"updates": 0})


def last(rows: Sequence[ImageRow]) -> list[ImageRow]:
    """After the last."""
    return kept(rows, {"updates": max((row.updates for row in rows), default=0)})


def fall(rows: Sequence[ImageRow]) -> Pairs:
    """The distance of a balanced training before its first update, and after the last."""
    return Pairs(*(by_seed(part, "frechet", rules=BALANCED) for part in (first(rows), last(rows))))


def eager_over_balanced(rows: Sequence[ImageRow]) -> Pairs:
    """The distance after the last update by either rules."""
    return Pairs(*(by_seed(last(rows), "frechet", rules=rules) for rules in (EAGER, BALANCED)))


def varied(rows: Sequence[ImageRow]) -> Trials:
    """Balanced trainings that end with nine of ten classes."""
    return Trials.of(((row.seed, row.classes >= 9) for row in kept(last(rows), {"rules": BALANCED})), independent=True)


def distances(rows: Sequence[ImageRow]) -> str:
    """What the curve shows."""
    begun, ended = first(rows), last(rows)
    return "The distance goes " + ", ".join(
        f"from {number(mean(begun, 'frechet', rules=rules))} to {number(mean(ended, 'frechet', rules=rules))} ({rules})"
        for rules in PLAYED
    )


PART = Part(
    name="images",
    row=ImageRow,
    run=run,
    claims=(
        Claim(
            "distance_falls_to_a_tenth",
            statement="A balanced game brings the Fréchet distance to real images to a tenth of that of noise.",
            rule=Ratio("Fréchet distance before the first update over that after the last", at_least=10),
            measure=fall,
            topic="GAN",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "nearly_all_classes_are_drawn",
            statement="Most balanced games draw nine of ten classes, each at least 2 % of the images.",
            rule=Proportion("balanced games that end with nine of ten classes", at_least=0.5),
            measure=varied,
            topic="GAN",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "an_eager_discriminator_costs_distance",
            statement="Minimax with five discriminator steps ends twice as far from real images as a balanced game.",
            rule=Ratio("Fréchet distance at the end, minimax with 5 D steps over balanced", at_least=2),
            measure=eager_over_balanced,
            topic="GAN",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(
        Table(
            "Images out of noise",
            by=("rules", "updates"),
            columns=("frechet", "floor", "classes", "confident_share", "generator_loss", "seconds"),
        ),
    ),
    curves=(Curve("distance_by_updates", "updates", "frechet", "rules", y_scale="log", title=distances),),
)
