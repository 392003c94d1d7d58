"""Gradients of transformers of every depth, of every block of the deepest, and exponents over depth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict

from experiments.lab.answers import listing, mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Points
from experiments.lab.judge.measures import by_seed, points
from experiments.lab.judge.rules import Each, Ratio, Slope, SlopeBelow
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


def first_gradient(rows: Sequence[NetworkRow]) -> Mapping[str, Points]:
    """One over the first block's gradient, over depth, with LayerNorm, per placement."""
    found = kept(rows, {"normalization": "layer", "depth": tuple(depths_fitted(rows))})

    def inverse(row: NetworkRow) -> float:
        return 1 / (row.first_over_last * row.gradient_norm)

    names = dict.fromkeys(row.placement for row in found)
    return {name: points(found, "depth", inverse, placement=name) for name in names}


def first_over_last_of_pre_norm(rows: Sequence[NetworkRow]) -> Pairs:
    """At the largest depth, with LayerNorm, against 1."""
    chosen = kept(rows, {"placement": "pre", "normalization": "layer"})
    deepest = max((row.depth for row in chosen), default=0)
    return Pairs.against(by_seed(chosen, "first_over_last", depth=deepest), 1.0)


def depths_fitted(rows: Sequence[NetworkRow]) -> list[int]:
    return sorted({row.depth for row in rows if row.depth >= LEAST_FITTED})


def change_with_depth(rows: Sequence[NetworkRow]) -> str:
    """The last block's gradient in the deepest transformers over that in the shallowest fitted ones."""
    least, *_, most = depths_fitted(rows)
    layer = kept(rows, {"normalization": "layer"})

    def change(placement: str) -> float:
        deep, shallow = (mean(layer, "gradient_norm", placement=placement, depth=depth) for depth in (most, least))
        return deep / shallow

    said = listing(f"{name} {number(change(name), 2)}" for name in dict.fromkeys(row.placement for row in layer))
    return f"The last gradient at {most} over {least} blocks: {said}"


@observation
class BlockRow(Row):
    """One block of the deepest transformers; layer 1 is the nearest to the input."""

    placement: str
    normalization: str
    dataset: str
    depth: int
    layer: int
    gradient_norm: float
    """Of the second feed-forward weight."""


def run_blocks(transformers: Transformers) -> Iterator[BlockRow]:
    depth = transformers.depths[-1]
    for arm in transformers.arms:
        for layer, norm in enumerate(transformers.start(arm, depth).gradient_norms, start=1):
            yield BlockRow(dataset=transformers.dataset, depth=depth, layer=layer, gradient_norm=norm, **asdict(arm))


def first_and_last(rows: Sequence[BlockRow]) -> str:
    """The first block's gradient over the last one's."""
    layer = kept(rows, {"normalization": "layer"})
    depth = layer[0].depth

    def ends(placement: str) -> float:
        first, last = (mean(layer, "gradient_norm", placement=placement, layer=at) for at in (1, depth))
        return first / last

    said = listing(f"{name} {number(ends(name), 2)}" for name in dict.fromkeys(row.placement for row in layer))
    return f"First over last gradient of {depth} blocks: {said}"


@observation
class ExponentRow(Row):
    placement: str
    normalization: str
    dataset: str
    exponent: float
    """Slope of the logarithm of the last block's gradient over that of the depth, from 8 blocks on."""


def run_exponents(transformers: Transformers) -> Iterator[ExponentRow]:
    from experiments.norm.core.trainability import depth_exponent

    fitted = [depth for depth in transformers.depths if depth >= LEAST_FITTED]
    for arm in transformers.arms:
        last = [transformers.start(arm, depth).gradient_norms[-1] for depth in fitted]
        yield ExponentRow(dataset=transformers.dataset, exponent=depth_exponent(fitted, last), **asdict(arm))


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
            topic="Gradients of post-norm",
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
            topic="Sandwich and deep norm",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "gradient_grows_faster_than_depth",
            statement="The gradient explodes: the first block's grows faster than the number of blocks does.",
            rule=Each(
                SlopeBelow("one over the first block's gradient against depth, from 8 blocks on", limit=-1.0),
                per="placement",
            ),
            measure=first_gradient,
            topic="Normalization prevents exploding gradients",
            predicted={"none": "holds", "post": "refuted", "pre": "refuted", "sandwich": "refuted", "deep": "refuted"},
            source="Zhang et al. 2019 (Fixup) for none, Xiong et al. 2020 for post and pre; pilot for the others",
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
            title=change_with_depth,
        ),
    ),
)
BLOCKS = Part(
    name="blocks",
    row=BlockRow,
    run=run_blocks,
    curves=(
        Curve(
            "gradient_over_layers",
            "layer",
            "gradient_norm",
            "placement",
            y_scale="log",
            only={"normalization": "layer"},
            title=first_and_last,
        ),
    ),
)
TABLE = Table("Exponent of the last block's gradient over depth", ("normalization", "placement"), ("exponent",))
EXPONENTS = Part(name="exponents", row=ExponentRow, run=run_exponents, tables=(TABLE,))
