"""Which features a network uses: half of its channels are silenced, by what they know of the class or at random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.experiment import Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Effect, Theorem, Under
from experiments.repr.end_to_end.setup import CLASSES, Images

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.repr.core.small_cnn import SmallCNN

NONE, LEAST, MOST, RANDOM_HALF = "none", "the least informative half", "the most informative half", "a random half"


@observation
class SelectionRow(Row):
    """The joint network of most labels at the middle rate, without some of its channels; nothing is trained again."""

    dataset: str
    removed: str
    channels_left: int
    test_accuracy: float
    test_items: int


def run(images: Images) -> Iterator[SelectionRow]:
    import torch

    from experiments.foundation.networks.metrics import accuracy
    from experiments.foundation.networks.scores.evaluation import network_logits

    # one rate for all seeds: at the largest, networks with silent channels of their own are another population
    network = images.joint(max(images.params.labels), sorted(images.params.lrs)[1])
    ranked, half = by_information(images, network), network.channels // 2
    order = torch.Generator().manual_seed(images.seed)
    halves = [torch.randperm(network.channels, generator=order)[:half] for _ in range(images.params.random_halves)]
    removals = [
        (NONE, ranked[:0]),
        (LEAST, ranked[:half]),
        (MOST, ranked[half:]),
        *((RANDOM_HALF, one) for one in halves),
    ]
    features = network_logits(network.features, images.test.inputs)
    for name, removed in removals:
        with torch.no_grad():
            logits = network.without(features, removed)
        yield SelectionRow(
            dataset=images.name,
            removed=name,
            channels_left=network.channels - len(removed),
            test_accuracy=accuracy(logits, images.test.labels),
            test_items=len(images.test),
        )


def by_information(images: Images, network: SmallCNN) -> Tensor:
    """Channels (2 width,), from the smallest F of the analysis of variance of their mean over places by class."""
    import torch
    from sklearn.feature_selection import f_classif

    from experiments.foundation.networks.scores.evaluation import network_logits

    features = network_logits(network.features, images.validation.inputs)
    means = features.unflatten(1, (network.channels, -1)).mean(2)
    live = means.std(0) > 0  # F of a channel that is always 0 is 0 / 0
    scores = torch.zeros(means.shape[1], dtype=torch.float64)
    scores[live] = torch.from_numpy(f_classif(means[:, live].numpy(), images.validation.labels.numpy())[0]).double()
    return scores.argsort()


def lost(rows: Sequence[SelectionRow]) -> Mapping[str, Pairs]:
    # a silent channel says its mean: what it says of the image is lost, not what a constant adds to the logits
    whole, least, random_half = (by_seed(rows, "test_accuracy", removed=name) for name in (NONE, LEAST, RANDOM_HALF))
    return {
        "less than one point": Pairs(dict.fromkeys(whole, 0.01), {seed: whole[seed] - least[seed] for seed in whole}),
        "less than a random half": Pairs(least, random_half, items=rows[0].test_items),
    }


# in evaluation mode a network is a function


def run_laws(images: Images) -> Iterator[TrialRow]:
    """The same images twice: equal bits in evaluation mode, other answers in training mode with dropout."""
    import torch

    from experiments.foundation.networks.timing import reproducible
    from experiments.repr.core.small_cnn import SmallCNN

    with reproducible(images.seed), torch.no_grad():
        for dropout in (0.1, 0.3, 0.5):
            network = SmallCNN(CLASSES, width=images.params.width, dropout=dropout)
            batch = images.test.inputs[:20]
            changes = []
            for training in (False, True):
                network.train(training)
                changes.append(float((network(batch) - network(batch)).abs().max()))
            yield TrialRow(
                statement="same answer", case=f"dropout {dropout:g}", error=changes[0], control_error=changes[1]
            )


LAWS = Part(
    name="laws",
    row=TrialRow,
    run=run_laws,
    claims=(
        Claim(
            "a_network_is_a_function_when_evaluated",
            statement="In evaluation mode a network answers the same image with the same bits.",
            rule=Theorem("two answers are equal bit for bit", control="training mode, with dropout"),
            measure=instances("same answer"),
            topic="End-to-end learning",
            predicted="holds",
            source="Srivastava et al. 2014: dropout draws anew for every answer, and only in training",
        ),
    ),
    tables=(TRIALS,),
)
PART = Part(
    name="selection",
    row=SelectionRow,
    run=run,
    claims=(
        Claim(
            "networks_select_features",
            statement="Half of a network's channels suffice: the half that knows least of the class costs little.",
            rule=Under(
                {
                    "less than one point": Effect("0.01 - test accuracy lost without it", delta=0.0),
                    "less than a random half": Effect("test accuracy without it - without a random half", delta=0.01),
                }
            ),
            measure=lost,
            topic="Feature selection",
            predicted={"less than one point": "refuted", "less than a random half": "holds"},
            source="pilot",
        ),
    ),
    tables=(Table("Channels silenced", by=("removed",), columns=("channels_left", "test_accuracy")),),
)
