"""Five losses from one start, each at every learning rate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import attrgetter

from experiments.foundation.networks.tuning import choose, untuned
from experiments.lab.experiment import Part, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Effect
from experiments.loss.metric.setup import BATCH, Images, NetworkRow


@observation
class LossRow(NetworkRow):
    loss: str


def run(images: Images) -> Iterator[LossRow]:
    from experiments.foundation.networks.ensemble import Member
    from experiments.loss.core import classification

    functions = {
        "ce": classification.cross_entropy,
        "mse_logits": classification.squared_logits,
        "mse_softmax": classification.squared_softmax,
        "mse_sigmoid": classification.squared_sigmoid,
        "hinge": classification.hinge,
    }
    params, split, rng = images.params, images.split, images.generator()
    settings = [(loss, lr) for loss in params.losses for lr in params.lrs]
    ensemble = images.ensemble([Member(functions[loss], lr) for loss, lr in settings], rng)
    train, validation = (part.labels.expand(len(settings), -1) for part in (split.train, split.validation))
    steps = max(params.steps // 3, 1)
    for _ in ensemble.train(split.train.inputs, train, steps=steps, batch=BATCH, rng=rng, falls=True):
        pass
    for (loss, lr), measured in zip(settings, images.measured(ensemble, train, validation), strict=True):
        yield LossRow(dataset=split.name, loss=loss, lr=lr, step=steps, **measured)


def against_the_best_other(rows: Sequence[LossRow]) -> Pairs | Undecided:
    """Learning rates and the best alternative are chosen by mean validation accuracy over the seeds."""
    found = choose(rows, score=attrgetter("validation_accuracy"), arm=attrgetter("loss"))
    others = [choice for loss, choice in found.items() if loss != "ce"]
    if "ce" not in found or not others:
        return Undecided("expected trainings by ce and another loss")
    rival = max(others, key=lambda choice: choice.score)
    if reason := untuned(found["ce"], rival):
        return Undecided(reason)
    return Pairs(by_seed(found["ce"].rows, "test_accuracy"), by_seed(rival.rows, "test_accuracy"))


PART = Part(
    name="losses",
    row=LossRow,
    run=run,
    claims=(
        Claim(
            "cross_entropy_is_the_best_loss",
            statement="Cross-entropy is half a point more accurate than the best other loss, each at its own rate.",
            rule=Effect("test accuracy of cross-entropy - the best other loss by validation", delta=0.005),
            measure=against_the_best_other,
            topic="Reasons against cross-entropy: accuracy",
            predicted="refuted",
            source="Hui and Belkin 2021",
        ),
    ),
    tables=(
        Table(
            "Losses at every learning rate",
            by=("loss", "lr"),
            columns=("validation_accuracy", "test_accuracy", "test_nll", "test_brier"),
        ),
    ),
)
