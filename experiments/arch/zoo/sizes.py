"""Which images a U-Net takes, and how large an answer it gives: every side, one to four levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from experiments.arch.zoo.setup import Zoo
from experiments.foundation.statements.trials import TRIALS, TrialRow, distinct, tried
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Theorem

if TYPE_CHECKING:
    from experiments.foundation.architectures.unet import UNet

DEPTHS = (1, 2, 3, 4)


def run(zoo: Zoo) -> Iterator[TrialRow]:
    import torch

    from experiments.foundation.architectures.unet import UNet

    for depth in DEPTHS:
        with torch.device("meta"):
            network = UNet(1, 2, width=1, depth=depth)
        for side in range(1, zoo.params.largest_side + 1):
            taken, refused = answers(network, side), refuses(network, side)
            yield TrialRow(
                statement="size",
                case=f"{depth} levels",
                error=float(taken != (side % 2**depth == 0)) + float(taken == refused),
                control_error=float(taken != (side % 2 ** (depth - 1) == 0)),
                counterexample=f"{side} x {side} pixels, {depth} levels: {'taken' if taken else 'not taken'}",
            )


def answers(network: UNet, side: int) -> bool:
    """Whether the way up would meet the way down at every level, and give a logit for every pixel, were no image
    refused beforehand.
    """
    import torch

    images = torch.empty(1, 1, side, side, device="meta")
    try:
        return network.logits(images).shape[2:] == images.shape[2:]
    except RuntimeError:  # torch's, of sizes that do not fit
        return False


def refuses(network: UNet, side: int) -> bool:
    """Whether the network refuses such an image in one line."""
    import torch

    try:
        network.check(torch.empty(1, 1, side, side, device="meta"))
    except ValueError as error:
        return len(str(error).splitlines()) == 1
    return False


def sizes(rows: Sequence[TrialRow]) -> Instances:
    found = tried(distinct(rows))
    most = len(found.errors) // len(DEPTHS)
    return Instances(found.errors, found.control, found.counterexample, f"all sides up to {most} and 1 to 4 levels")


PART = Part(
    name="sizes",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "unet_answers_every_pixel",
            statement="A padded U-Net answers for every pixel iff the sides are multiples of 2^depth.",
            rule=Theorem("an answer of the image's size iff 2^depth divides the side", control="2^(depth - 1) instead"),
            measure=sizes,
            topic="U-Net: segmentation",
            predicted="holds",
            source="every level halves the side, rounded down, and doubles it again",
        ),
    ),
    tables=(TRIALS,),
)
