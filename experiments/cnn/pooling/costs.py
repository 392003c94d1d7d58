"""What pooling leaves and saves: sizes, FLOPs, weights of the classifier."""

from __future__ import annotations

from collections.abc import Iterator

from experiments.cnn.pooling.laws import CHANNELS, TOLERANCE
from experiments.cnn.pooling.setup import Networks
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances, instances_by_case
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Counterexample, Theorem, Under

DIVIDED = Theorem("FLOPs before / after / s^2 - 1", control="no pooling", tolerance=TOLERANCE)
QUARTER = "weights before / after / 4 - 1"


def run(networks: Networks) -> Iterator[TrialRow]:
    yield from size_trials(networks.seed, 20 * networks.params.law_trials)
    yield from cost_trials()
    yield from head_trials()


def size_trials(seed: int, trials: int) -> Iterator[TrialRow]:
    """floor((n + 2 p - d (k - 1) - 1) / s) + 1 against what torch makes; without dilation it must fail."""
    import numpy as np
    import torch

    from experiments.cnn.core.pooling import output_size

    rng = np.random.default_rng(seed)
    for _ in range(trials):
        kernel, stride, dilation = (int(rng.integers(1, limit)) for limit in (6, 5, 4))
        padding = int(rng.integers(0, kernel // 2 + 1))
        size = int(rng.integers(dilation * (kernel - 1) + 1, 40))
        maps = torch.zeros(1, 1, size, size)
        made = torch.nn.functional.max_pool2d(maps, kernel, stride, padding, dilation).shape[-1]
        yield TrialRow(
            statement="size",
            case="maximum",
            error=abs(output_size(size, kernel, stride, padding, dilation) - made),
            control_error=abs(output_size(size, kernel, stride, padding) - made),
            counterexample=f"n = {size}, k = {kernel}, s = {stride}, p = {padding}, d = {dilation}: torch has {made}",
        )


def cost_trials() -> Iterator[TrialRow]:
    """FLOPs of a convolution after a pooling times s^2, against those without pooling, in counts of torch."""
    from torch import nn

    from experiments.cnn.core.pooling import output_size
    from experiments.foundation.costs.forward import forward_cost

    def flops(size: int) -> int:
        return forward_cost(nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1), (CHANNELS, size, size)).flops

    before = flops(24)
    for stride in (2, 3, 4):
        after = flops(output_size(24, stride, stride))
        yield TrialRow(
            statement="cost",
            case=f"stride {stride}: divided by {stride**2}",
            error=abs(after * stride**2 / before - 1),
            control_error=abs(before * stride**2 / before - 1),  # without the pooling
            counterexample=f"{before} FLOPs become {after}",
        )
    after = flops(output_size(24, 3, 1, padding=1))
    yield TrialRow(
        statement="cost",
        case="stride 1: fewer",
        error=float(after >= before),
        counterexample=f"{before} FLOPs become {after}",
    )


def head_trials() -> Iterator[TrialRow]:
    """Weights of a classifier on maps of 8 x 8 before and of 4 x 4 after a pooling of stride 2: fewer by four?"""
    from torch import nn

    def numbers(*heads: nn.Linear | nn.Conv2d) -> list[int]:
        return [head.weight.numel() for head in heads]

    weights = {
        "flatten and linear": numbers(*(nn.Linear(CHANNELS * side**2, 10) for side in (8, 4))),
        "global average and linear": numbers(nn.Linear(CHANNELS, 10), nn.Linear(CHANNELS, 10)),
        "convolution": numbers(nn.Conv2d(CHANNELS, 10, 1), nn.Conv2d(CHANNELS, 10, 1)),
    }
    for case, (before, after) in weights.items():
        yield TrialRow(
            statement="head",
            case=case,
            error=abs(before / after / 4 - 1),
            control_error=abs(before / before / 4 - 1),  # without the pooling
            counterexample=f"{before} weights become {after}",
        )


PART = Part(
    name="costs",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "output_size_follows_the_formula",
            statement="A pooled side has floor((n + 2p - d(k - 1) - 1) / s) + 1 pixels.",
            rule=Theorem("torch's output for random n, k, s, p, d", control="the formula without dilation"),
            measure=instances("size"),
            topic="Size of a pooled map",
            predicted="holds",
            source="the documentation of torch.nn.MaxPool2d",
        ),
        Claim(
            "pooling_makes_the_next_layer_cheaper",
            statement="Pooling with stride s divides the FLOPs of the next convolution by s^2, with stride 1 too.",
            rule=Under(
                {
                    **{f"stride {stride}: divided by {stride**2}": DIVIDED for stride in (2, 3, 4)},
                    "stride 1: fewer": Counterexample("FLOPs are fewer"),
                }
            ),
            measure=instances_by_case("cost", once=True),
            topic="Pooling speeds up",
            predicted={
                "stride 2: divided by 4": "holds",
                "stride 3: divided by 9": "holds",
                "stride 4: divided by 16": "holds",
                "stride 1: fewer": "refuted",
            },
            source="a convolution costs in proportion to its places",
        ),
        Claim(
            "pooling_shrinks_the_classifier",
            statement="Pooling by 2 x 2 cuts the classifier's weights to a quarter.",
            rule=Under(
                {
                    "flatten and linear": Theorem(QUARTER, control="no pooling", tolerance=TOLERANCE),
                    "global average and linear": Counterexample(QUARTER, tolerance=TOLERANCE),
                    "convolution": Counterexample(QUARTER, tolerance=TOLERANCE),
                }
            ),
            measure=instances_by_case("head", once=True),
            topic="Pooling and the parameters of the classifier",
            predicted={"flatten and linear": "holds", "global average and linear": "refuted", "convolution": "refuted"},
            source="only a linear layer on flattened maps has weights for every place",
        ),
    ),
    tables=(TRIALS,),
)
