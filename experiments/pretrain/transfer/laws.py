"""That nothing of the target was seen before: no image of it is one of a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances_by_case
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Each, Theorem
from experiments.pretrain.transfer.setup import Images

if TYPE_CHECKING:
    from torch import Tensor


def run(images: Images) -> Iterator[TrialRow]:
    import torch

    split = images.split
    target = digests(torch.cat([split.train.inputs, split.validation.inputs, split.test.inputs]))
    for name in images.params.sources:
        inputs = images.source(name)[0].inputs
        leaked = digests(torch.cat([inputs, split.test.inputs[:1]]))
        yield TrialRow(
            statement="disjoint",
            case=name,
            error=len(target & digests(inputs)),
            control_error=len(target & leaked),
        )


def digests(inputs: Tensor) -> set[str]:
    """SHA-256 of which pixels of each image (n, ...) are brighter than its mean: scales leave it as it is."""
    import hashlib

    bright = (inputs > inputs.flatten(1).mean(1).view(-1, 1, 1, 1)).cpu().numpy()
    return {hashlib.sha256(image.tobytes()).hexdigest() for image in bright}


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "no_target_image_is_a_source_image",
            statement="No image of the target, for training, validation or test, is an image of a source.",
            rule=Each(Theorem("images in both", control="a source with one test image in it"), per="source"),
            measure=instances_by_case("disjoint"),
            topic="supervised pre-training",
            predicted="holds",
            source="other data sets, or other classes",
        ),
    ),
    tables=(TRIALS,),
)
