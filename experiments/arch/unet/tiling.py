"""A large image in overlapping tiles, by random U-Nets: where the answers are those for the whole image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.arch.unet.setup import Scenes
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances_by_case
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Each, Theorem

if TYPE_CHECKING:
    import torch

TRIED = 5
INNER = 8
"""Pixels of a side for which a tile answers."""


def run(scenes: Scenes) -> Iterator[TrialRow]:
    import torch

    from experiments.foundation.networks.timing import reproducible

    rng = torch.Generator().manual_seed(scenes.seed)
    with reproducible(scenes.seed), torch.no_grad():
        for depth in (1, 2):
            for _ in range(TRIED):
                yield trial(depth, rng)


def trial(depth: int, rng: torch.Generator) -> TrialRow:
    """A tile on the grid of the poolings, without its margin. Control: the image moved by one pixel under the grid."""
    import torch

    from experiments.arch.core.tiling import inner_answers, reach
    from experiments.foundation.architectures.unet import UNet

    step = 2**depth
    margin = -(-reach(depth) // step) * step
    side = INNER + 2 * margin
    network, image = (
        UNet(1, 1, width=8, depth=depth).double(),
        torch.rand(1, 1, 2 * side, 2 * side, generator=rng).double(),
    )
    y, x = (step * int(torch.randint(side // step, (1,), generator=rng)) for _ in range(2))
    whole = network(image)
    errors = []
    for shift in (0, 1):
        expected = whole[..., y + shift + margin : y + shift + side - margin, x + margin : x + side - margin]
        found = inner_answers(network, image, (y + shift, x), side, margin)
        errors.append(float((found - expected).abs().max() / whole.std()))
    return TrialRow(
        statement="tiling",
        case=f"{depth} levels" if depth > 1 else "1 level",
        error=errors[0],
        control_error=errors[1],
        counterexample=f"tile of {side} pixels at ({y}, {x}), margin {margin}: answers differ by {errors[0]:.2g}",
    )


PART = Part(
    name="tiling",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "tiles_answer_as_the_whole_image",
            statement="Farther than 7 2^depth - 5 pixels from its border a tile has the answers of the whole image.",
            rule=Each(
                Theorem(
                    "the tile's answers are the whole image's",
                    control="a tile one pixel off the grid of the poolings",
                    tolerance=1e-9,
                ),
                per="depth",
            ),
            measure=instances_by_case("tiling"),
            topic="U-Net, overlapping tiles",
            predicted="holds",
            source="Ronneberger et al. 2015: the overlap-tile strategy",
        ),
    ),
    tables=(TRIALS,),
)
