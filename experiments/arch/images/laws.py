"""Which disorder a network cannot notice even by training: the first layer is permuted along with the pictures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.arch.images.setup import Images
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances_by_case
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Each, Theorem

if TYPE_CHECKING:
    from torch import Tensor, nn

UPDATES = 20
MLP, VIT = "MLP, pixels", "ViT, patches"


def run(images: Images) -> Iterator[TrialRow]:
    import torch

    from experiments.arch.core.image_networks import patch_order, pixel_order
    from experiments.foundation.networks.timing import reproducible

    rng, shape = torch.Generator().manual_seed(images.seed), images.split.shape
    with reproducible(images.seed):
        mlp, vit = images.network("MLP").double(), images.network("ViT").double()
        pixels = pixel_order(shape, rng)
        patches, places = patch_order(shape, rng)
        yield trial(images, MLP, mlp, "1.weight", pixels, pixels)
        yield trial(images, VIT, vit, "position", patches, places)


def trial(images: Images, case: str, network: nn.Module, first: str, along: Tensor, order: Tensor) -> TrialRow:
    """Trained on plain images; and on permuted ones from a start whose parameter ``first`` is permuted ``along``.

    Adam treats every number by itself, so the second training is the first one with its numbers in other places.
    Control: the same start, not permuted along.
    """
    import copy

    import torch

    plain = answers(images, copy.deepcopy(network), None)
    moved = copy.deepcopy(network)
    with torch.no_grad():
        parameter = moved.get_parameter(first)
        parameter.copy_(parameter[:, along])
    error, control = (
        float((answers(images, start, order) - plain).abs().max() / plain.std()) for start in (moved, network)
    )
    return TrialRow(
        statement="blind",
        case=case,
        error=error,
        control_error=control,
        counterexample=f"after {UPDATES} updates the logits differ by {error:.2g} deviations",
    )


def answers(images: Images, network: nn.Module, order: Tensor | None) -> Tensor:
    """Logits (n, classes) for validation images after a short training, all in that order of pixels."""
    import torch

    from experiments.arch.core.image_networks import reordered
    from experiments.foundation.networks.batches import full_batches
    from experiments.foundation.networks.fit import fit
    from experiments.foundation.networks.scores.evaluation import network_logits
    from experiments.foundation.networks.split import Examples

    def placed(part: Examples) -> Examples:
        inputs = part.inputs.double()
        return Examples(inputs if order is None else reordered(inputs, order), part.labels)

    train, asked = placed(images.split.train), placed(images.split.validation)
    batches = full_batches(len(train), images.params.batch_size, UPDATES, torch.Generator().manual_seed(images.seed))
    fit(network, train, torch.optim.Adam(network.parameters(), 1e-3), batches)
    return network_logits(network, asked.inputs)


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "training_does_not_notice_the_order",
            statement="Permuted along, MLP and ViT learn the same from permuted pixels, and permuted patches.",
            rule=Each(
                Theorem(
                    "logits after 20 updates are those on plain images, in their deviations",
                    control="the same start, not permuted along",
                    tolerance=1e-6,
                ),
                per="network and order",
            ),
            measure=instances_by_case("blind"),
            topic="MLP and Vision Transformer: images",
            predicted="holds",
            source="neither a linear layer nor Adam knows the order of its numbers; rounding grows with the updates",
        ),
    ),
    tables=(TRIALS,),
)
