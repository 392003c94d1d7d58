"""What do a U-Net's skips bring?

What do the skips and the descent of a U-Net each bring, and what does it bring over a threshold?

Digits inked over crops of two photographs, faint or strong, to be found pixel by pixel: by a U-Net, by one without its
skips, by as many convolutions that never leave full size, by Otsu's threshold and by a linear classifier of patches.
Pictures of yours with masks take the digits' place.

Notes: U-Net, skip connections, segmentation.

Source: Ronneberger, Fischer, Brox: U-Net, https://arxiv.org/abs/1505.04597, 2015; Otsu: A Threshold Selection Method
from Gray-Level Histograms, 1979.
"""

from __future__ import annotations

from experiments.arch.unet import networks, simple, tiling
from experiments.arch.unet.comparisons import CLAIMS
from experiments.arch.unet.setup import FLAT, FULL, NO_SKIPS, UNET, Params, prepare
from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Experiment, Findings, Headline, Own, Rows, Table


def answer(findings: Findings, rows: Rows) -> str:
    found, otherwise = rows.of(networks.PART), rows.if_run(simple.PART)
    names = (UNET, NO_SKIPS, FLAT)
    dice = {name: mean(found, "dice", network=name, budget=FULL) for name in names}
    dice |= {row.method: mean(otherwise, "dice", method=row.method) for row in otherwise}
    edges = [number(mean(found, "boundary_iou", network=name, budget=FULL), 2) for name in (UNET, NO_SKIPS)]
    said = listing(f"{name} {number(value, 2)}" for name, value in dice.items())
    advice = "" if rows.if_run(tiling.PART) else f" Best on these pictures: {max(dice, key=dice.__getitem__)}."
    return f"Dice of the masks: {said}. At their edges the IoU is {edges[0]} with skips and {edges[1]} without.{advice}"


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(tiling.PART, networks.RATES, networks.PART, simple.PART),
    answer=answer,
    own=Own(given=lambda params: params.is_own, parts=(networks.RATES.name, networks.PART.name, simple.PART.name)),
    headline=Headline(
        networks.PART,
        Table(
            "Every network at the rate that validation chose, full budget",
            by=("network",),
            columns=("dice", "boundary_iou", "lr", "parameters", "flops"),
            only={"budget": FULL},
        ),
    ),
    claims=CLAIMS,
)
