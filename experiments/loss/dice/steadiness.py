"""How steady the gradients of a loss are at the end of training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from operator import attrgetter

from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.experiment import Part, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Ratio
from experiments.loss.dice.setup import Discs
from experiments.loss.dice.training import ArmRow


@observation
class SteadinessRow(ArmRow):
    validation_dice: float
    """At the threshold chosen there."""
    gradient_snr: float
    """|mean gradient|^2 / total variance over batches of training images: the geometric mean over six steps at the
    end, because it moves much from step to step."""


def run(discs: Discs) -> Iterator[SteadinessRow]:
    from experiments.foundation.networks.scores.mask_scores import best_threshold

    for condition, trained in discs.all_trained():
        validation, _ = trained.logits[discs.params.steps]
        for arm, held_out, snr in zip(trained.arms, validation, trained.gradient_snr, strict=True):
            _, dice = best_threshold(held_out, trained.validation_masks)
            yield SteadinessRow(condition=condition, **asdict(arm), validation_dice=dice, gradient_snr=snr)


def tuned(rows: Sequence[SteadinessRow]) -> dict[str, Choice[SteadinessRow]]:
    """Loss -> its learning rate with the highest validation Dice, of U-Nets with skips on rare discs."""
    found = [row for row in rows if (row.condition, row.network) == ("rare", "unet")]
    return choose(found, score=attrgetter("validation_dice"), arm=attrgetter("loss")) if found else {}


def of_both_losses(rows: Sequence[SteadinessRow]) -> Pairs | Undecided:
    found = tuned(rows)
    if not {"ce", "dice"} <= found.keys():
        return Undecided("expected trainings by ce and dice")
    if reason := untuned(found["ce"], found["dice"]):
        return Undecided(reason)
    return Pairs(*(by_seed(found[loss].rows, "gradient_snr") for loss in ("ce", "dice")))


PART = Part(
    name="steadiness",
    row=SteadinessRow,
    run=run,
    claims=(
        Claim(
            "cross_entropy_has_steadier_gradients",
            statement="At the end of training the gradients of cross-entropy are 1.5 times as steady as Dice's.",
            rule=Ratio("|mean|^2 / variance over batches, cross-entropy over Dice loss", at_least=1.5),
            measure=of_both_losses,
            topic="Gradient of cross-entropy: steadiness",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(Table("Steadiness of gradients", by=("network", "condition", "loss", "lr"), columns=("gradient_snr",)),),
)
