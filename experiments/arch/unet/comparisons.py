"""Networks against each other, and against Otsu's threshold, where every network got a rate inside its grid."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from experiments.arch.unet import networks, simple
from experiments.arch.unet.setup import CONTRASTS, FLAT, FULL, HALF, NO_SKIPS, UNET
from experiments.foundation.networks.tuning import choose, untuned
from experiments.lab.experiment import Rows
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect


def edge(rows: Rows, *names: str) -> str | None:
    """Why these networks say nothing: the best of the rates that they tried is an end of the grid."""
    tried = choose(rows.of(networks.RATES), score=attrgetter("validation_dice"), arm=attrgetter("network"))
    return untuned(*(tried[name] for name in names))


def compared(rows: Rows, other: str, column: str, budget: str) -> Pairs | Undecided:
    """The U-Net against another network, over all contrasts."""
    if reason := edge(rows, UNET, other):
        return Undecided(reason)
    found = rows.of(networks.PART)
    return Pairs(*(by_seed(found, column, network=name, budget=budget) for name in (UNET, other)))


def by_budget(rows: Rows, other: str) -> Mapping[str, Pairs | Undecided]:
    return {f"{budget} budget": compared(rows, other, "dice", budget) for budget in (HALF, FULL)}


def over_otsu(rows: Rows, network: str, **only: str) -> Pairs | Undecided:
    """Dice of a network at the full budget against that of Otsu's threshold."""
    if reason := edge(rows, network):
        return Undecided(reason)
    trained = by_seed(rows.of(networks.PART), "dice", network=network, budget=FULL, **only)
    return Pairs(trained, by_seed(rows.of(simple.PART), "dice", method=simple.OTSU, **only))


def unet_by_contrast(rows: Rows) -> Mapping[str, Pairs | Undecided]:
    return {contrast: over_otsu(rows, UNET, contrast=contrast) for contrast in CONTRASTS}


def every_network(rows: Rows) -> Mapping[str, Pairs | Undecided]:
    return {name: over_otsu(rows, name) for name in (UNET, NO_SKIPS, FLAT)}


CLAIMS: tuple[Claim[Rows], ...] = (
    Claim(
        "skips_raise_dice",
        statement="The skips of a U-Net raise the Dice of its masks by 0.02, against a wider network without them.",
        rule=Each(Effect("Dice, U-Net - without skips", delta=0.02), per="budget"),
        measure=lambda rows: by_budget(rows, NO_SKIPS),
        topic="U-Net, skip connections",
        predicted="holds",
        source="pilot",
    ),
    Claim(
        "skips_sharpen_edges",
        statement="The skips of a U-Net raise the IoU at the edge of its masks by 0.05.",
        rule=Effect("IoU within a pixel of the edge, U-Net - without skips, full budget", delta=0.05),
        measure=lambda rows: compared(rows, NO_SKIPS, "boundary_iou", FULL),
        topic="U-Net, skip connections",
        predicted="holds",
        source="Ronneberger et al. 2015",
    ),
    Claim(
        "descent_raises_dice",
        statement="The way down raises Dice by 0.02 against as many convolutions that never leave full size.",
        rule=Each(Effect("Dice, U-Net - without descent", delta=0.02), per="budget"),
        measure=lambda rows: by_budget(rows, FLAT),
        topic="U-Net, descent",
        predicted="holds",
        source="pilot",
    ),
    Claim(
        "unet_beats_otsu",
        statement="A U-Net beats Otsu's threshold by 0.2 of Dice.",
        rule=Each(Effect("Dice, U-Net - Otsu, full budget", delta=0.2), per="contrast"),
        measure=unet_by_contrast,
        topic="Segmentation without a network",
        predicted="holds",
        source="pilot",
    ),
    Claim(
        "every_network_beats_otsu",
        statement="Any trained network beats Otsu's threshold by 0.2 of Dice.",
        rule=Each(Effect("Dice, network - Otsu, full budget, both contrasts", delta=0.2), per="network"),
        measure=every_network,
        topic="Segmentation without a network",
        predicted={UNET: "holds", NO_SKIPS: "refuted", FLAT: "refuted"},
        source="pilot",
    ),
)
