"""What holds exactly: the encoder sees visible patches only, the loss masked ones only; a code is a class."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances, instances_by_case
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Each, Theorem
from experiments.pretrain.mim.setup import Images

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.pretrain.core.masked_autoencoder import MaskedAutoencoder


def run(images: Images) -> Iterator[TrialRow]:
    import torch

    from experiments.foundation.networks.timing import reproducible
    from experiments.pretrain.core.masked_autoencoder import masked_patches, random_masks

    count = masked_patches(images.params.mask, images.tokens)
    with reproducible(images.seed), torch.no_grad():
        model, by_code = (images.model(target).cpu().double() for target in ("pixels", "codes"))
        for trial in range(images.params.trials):
            batch = images.split.train.inputs[8 * trial : 8 * trial + 8].cpu().double()
            masked = random_masks(len(batch), images.tokens, count)
            yield from masking_trials(model, batch, masked, images.side, count)
            codes = torch.randint(images.params.codes, masked.shape)
            yield objective_trial(by_code, batch, masked, codes)


def masking_trials(
    model: MaskedAutoencoder, batch: Tensor, masked: Tensor, side: int, count: int
) -> Iterator[TrialRow]:
    """What is masked, what the encoder sees of it, and which patches the loss asks for."""
    import torch

    coins = torch.rand(masked.shape) < count / masked.shape[1]
    yield TrialRow(
        statement="masking",
        case="as many masked patches in every image",
        error=float((masked.sum(1) - count).abs().max()),
        control_error=float((coins.sum(1) - count).abs().max()),
    )
    noise = torch.randn_like(batch)
    patch = masked.view(len(masked), 1, batch.shape[2] // side, -1)
    hidden = patch.repeat_interleave(side, 2).repeat_interleave(side, 3)
    nothing = torch.zeros_like(masked)
    seen, noisy = (model.encode(images, masked) for images in (batch, batch + noise * hidden))
    whole, whole_noisy = (model.encode(images, nothing) for images in (batch, batch + noise * hidden))
    yield TrialRow(
        statement="masking",
        case="the encoder is blind to masked pixels",
        error=float((seen - noisy).abs().max()),
        control_error=float((whole - whole_noisy).abs().max()),
    )
    asked, asked_all = (_gradient(model, batch, masked, among, side) for among in (masked, torch.ones_like(masked)))
    yield TrialRow(
        statement="masking",
        case="the loss reads masked patches only",
        error=float(asked[~masked].abs().max()),
        control_error=float(asked_all[~masked].abs().max()),
    )


def _gradient(model: MaskedAutoencoder, batch: Tensor, masked: Tensor, among: Tensor, side: int) -> Tensor:
    """Of the loss by its targets (n, tokens, pixels), the loss being read ``among`` these patches."""
    import torch

    from experiments.pretrain.core.masked_autoencoder import patches_of, pixel_loss

    with torch.enable_grad():
        targets = patches_of(batch, side).requires_grad_()
        return torch.autograd.grad(pixel_loss(model(batch, masked), targets, among), targets)[0]


def objective_trial(model: MaskedAutoencoder, batch: Tensor, masked: Tensor, codes: Tensor) -> TrialRow:
    """The loss of codes beside -log softmax summed by hand over masked patches; over visible ones it is another."""
    from experiments.pretrain.core.masked_autoencoder import code_loss

    predicted = model(batch, masked)

    def by_hand(where: Tensor) -> float:
        scores = predicted.tolist()
        terms = [
            math.log(math.fsum(map(math.exp, scores[i][j]))) - scores[i][j][codes[i, j]]
            for i, j in where.nonzero().tolist()
        ]
        return statistics.fmean(terms)

    loss = float(code_loss(predicted, codes, masked))
    errors = [abs(loss - by_hand(where)) for where in (masked, ~masked)]
    return TrialRow(statement="codes", case="cross entropy", error=errors[0], control_error=errors[1])


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "the_encoder_sees_what_the_loss_does_not_read",
            statement="The encoder sees visible patches only, the loss reads masked ones only, as many in every image.",
            rule=Each(
                Theorem(
                    "what may not be seen or read changes nothing",
                    control="coins for masks, an encoder of all patches, a loss of all patches",
                    tolerance=1e-12,
                ),
                per="property",
            ),
            measure=instances_by_case("masking"),
            topic="masked image modelling",
            predicted="holds",
            source="He et al. 2021, section 3",
        ),
        Claim(
            "codes_are_asked_one_by_one",
            statement="The objective of codes is cross entropy on each masked patch; it compares no two views.",
            rule=Theorem(
                "loss - sum of -log softmax over masked patches, divided by their number",
                control="the same sum over visible patches",
                tolerance=1e-12,
            ),
            measure=instances("codes"),
            topic="tokens of patches",
            predicted="holds",
            source="Bao et al. 2021, equation 2",
        ),
    ),
    tables=(TRIALS,),
)
