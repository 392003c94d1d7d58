"""The last block's gradient and the residual stream of transformers of every depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict

from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Points
from experiments.lab.judge.measures import by_seed, points
from experiments.lab.judge.rules import Each, Ratio, Slope
from experiments.norm.gradients.setup import LEAST_FITTED, Transformers


@observation
class NetworkRow(Row):
    placement: str
    normalization: str
    dataset: str
    depth: int
    gradient_norm: float
    """Of the last block's second feed-forward weight."""
    first_over_last: float
    """Gradient of the first block over that of the last."""
    stream_rms: float
    """Root mean square of the residual stream after the last block."""


def run(transformers: Transformers) -> Iterator[Event]:
    arms = transformers.arms
    for done, arm in enumerate(arms):
        yield Progress("initializations", done, len(arms))
        for depth in transformers.depths:
            start = transformers.start(arm, depth)
            norms = start.gradient_norms
            yield NetworkRow(
                dataset=transformers.dataset,
                depth=depth,
                gradient_norm=norms[-1],
                first_over_last=norms[0] / norms[-1],
                stream_rms=start.stream_rms,
                **asdict(arm),
            )


def last_gradient(rows: Sequence[NetworkRow], placement: str, normalization: str) -> Points:
    """The last block's gradient over depth, from the depths on at which the law is one."""
    fitted = [row for row in rows if row.depth >= LEAST_FITTED]
    return points(fitted, "depth", "gradient_norm", placement=placement, normalization=normalization)


def by_norm(placement: str) -> Callable[[Sequence[NetworkRow]], Mapping[str, Points]]:
    kinds = {"LayerNorm": "layer", "RMSNorm": "rms"}
    return lambda rows: {name: last_gradient(rows, placement, kind) for name, kind in kinds.items()}


def sandwich_and_deep(rows: Sequence[NetworkRow]) -> Mapping[str, Points]:
    return {name: last_gradient(rows, name, "layer") for name in ("sandwich", "deep")}


def first_over_last(rows: Sequence[NetworkRow], placement: str) -> Pairs:
    """At the largest depth, with LayerNorm, against 1."""
    chosen = [row for row in rows if (row.placement, row.normalization) == (placement, "layer")]
    deepest = max((row.depth for row in chosen), default=0)
    return Pairs.against(by_seed(chosen, "first_over_last", depth=deepest), 1.0)


def first_over_last_everywhere(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs]:
    return {name: first_over_last(rows, name) for name in ("none", "post", "pre", "sandwich", "deep")}


def first_over_last_of_pre_norm(rows: Sequence[NetworkRow]) -> Pairs:
    return first_over_last(rows, "pre")


PART = Part(
    name="networks",
    row=NetworkRow,
    run=run,
    claims=(
        Claim(
            "pre_norm_gradient_falls_with_the_root_of_depth",
            statement="Pre-norm: the last block's gradient falls with the root of the depth.",
            rule=Each(
                Slope("gradient norm over depth, from 8 blocks on", theory=-0.5, tolerance=0.15), per="normalization"
            ),
            measure=by_norm("pre"),
            topic="Pre-norm prevents exploding and vanishing gradients",
            predicted="holds",
            source="Xiong et al. 2020, theorem 1",
        ),
        Claim(
            "post_norm_gradient_does_not_fall",
            statement="Post-norm: the last block's gradient is as large in a deep transformer as in a shallow one.",
            rule=Each(
                Slope("gradient norm over depth, from 8 blocks on", theory=0.0, tolerance=0.1), per="normalization"
            ),
            measure=by_norm("post"),
            topic="Pre-norm prevents exploding and vanishing gradients",
            predicted="holds",
            source="Xiong et al. 2020, theorem 1",
        ),
        Claim(
            "sandwich_and_deep_fall_as_pre_norm_does",
            statement="Sandwich and DeepNorm: the last block's gradient falls with the root of the depth, too.",
            rule=Each(
                Slope("gradient norm over depth with LayerNorm, from 8 blocks on", theory=-0.5, tolerance=0.15),
                per="placement",
            ),
            measure=sandwich_and_deep,
            topic="Layer norm, RMS norm, deep norm",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "gradient_explodes",
            statement="The gradient grows more than tenfold from the last block to the first.",
            rule=Each(
                Ratio("gradient of the first block over the last at the largest depth", at_least=10), per="placement"
            ),
            measure=first_over_last_everywhere,
            topic="Pre-norm prevents exploding and vanishing gradients",
            predicted={"none": "holds", "post": "refuted", "pre": "refuted", "sandwich": "refuted", "deep": "refuted"},
            source="pilot",
        ),
        Claim(
            "pre_norm_gradient_does_not_vanish",
            statement="Pre-norm keeps more than a tenth of the last block's gradient down to the first.",
            rule=Ratio("gradient of the first block over the last at the largest depth", at_least=0.1),
            measure=first_over_last_of_pre_norm,
            topic="Pre-norm prevents exploding and vanishing gradients",
            predicted="holds",
            source="Xiong et al. 2020",
        ),
    ),
    tables=(
        Table(
            title="Gradient at initialization",
            by=("normalization", "placement", "depth"),
            columns=("gradient_norm", "first_over_last", "stream_rms"),
        ),
    ),
    curves=(
        Curve(
            "last_gradient_over_depth",
            "depth",
            "gradient_norm",
            "placement",
            x_scale="log",
            y_scale="log",
            only={"normalization": "layer"},
        ),
    ),
)
