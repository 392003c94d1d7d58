"""Networks with every pooling and without: each learning rate, and the one that validation chose."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean

from experiments.cnn import arms
from experiments.cnn.pooling.setup import Networks
from experiments.lab.experiment import Event, Part, Progress, Table, observation

GLANCE = ("test_accuracy", "flops", "parameters", "shift_agreement", "moved_agreement")


@observation
class TunedRow(arms.FitRow):
    """One arm at the learning rate that validation chose."""

    test_accuracy: float
    low_rate_accuracy: float
    """Test accuracy at the lowest learning rate of the sweep."""
    gap: float
    """Accuracy on training images minus accuracy on test images."""
    parameters: int
    flops: int
    """Of one image forward, in convolutions and matrix products; sums and comparisons of a pooling are not counted."""
    shift_agreement: float
    """Share of test images whose predicted class stays at the mildest shift."""
    moved_agreement: float
    """The same, mean over the mildest shift, rotation and scale."""


def run_sweep(networks: Networks) -> Iterator[Event]:
    for done, arm in enumerate(networks.arms):
        yield Progress(f"training, {arm}", done, len(networks.arms))
        yield from (arms.FitRow(**arms.fitted(arm, fit, networks)) for fit in networks.tuned(arm).tuned.fits)


def run_tuned(networks: Networks) -> Iterator[TunedRow]:
    from experiments.foundation.costs.forward import forward_cost
    from experiments.foundation.networks.scores.evaluation import network_accuracy

    for arm in networks.arms:
        fit, network = networks.tuned(arm).best
        slow = networks.tuned(arm).networks[networks.params.lrs.index(min(networks.params.lrs))]
        cost, kept = forward_cost(network, networks.split.shape), networks.stays_in_tuned(arm)
        mildest = {by: stays.agreement for (by, _), stays in reversed(kept.items())}
        yield TunedRow(
            test_accuracy=fit.test_accuracy,
            low_rate_accuracy=network_accuracy(slow, networks.split.test),
            gap=fit.train_accuracy - fit.test_accuracy,
            parameters=cost.parameters,
            flops=cost.flops,
            shift_agreement=mildest["shift"],
            moved_agreement=fmean(mildest.values()),
            **arms.fitted(arm, fit, networks),
        )


SWEEP = Part(
    name="sweep",
    row=arms.FitRow,
    run=run_sweep,
    tables=(Table("By learning rate", by=("arm", "lr"), columns=("validation_accuracy", "train_loss", "diverged")),),
    curves=(arms.SWEEP_CURVE,),
)
TUNED = Part(
    name="training",
    row=TunedRow,
    run=run_tuned,
    tables=(Table("Tuned networks", by=("arm",), columns=("low_rate_accuracy", "train_loss", "gap", "lr")),),
)
