"""How large are the gradients of a transformer at initialization, by depth, layer and place of its normalization?

Freshly initialized transformers over the rows of small images: the gradient of every block's second feed-forward
weight, and how that of the last block depends on the number of blocks. The theorem speaks of many blocks, so exponents
are fitted from 8 blocks on; shallower transformers are shown, not fitted.

Notes: post-norm and pre-norm (000:43); layer, RMS and deep normalization (000:41).
Source: Xiong et al.: On Layer Normalization in the Transformer Architecture, ICML 2020, theorem 1; Wang
et al.: DeepNet: Scaling Transformers to 1,000 Layers, 2022; Ding et al.: CogView, 2021 (sandwich).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Note, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, ratio, slope
from experiments.norm.choices import Depths, Normalizations, Placements, Width

NAN = float("nan")
LEAST_FITTED = 8
"""Blocks of the shallowest transformer that an exponent is fitted to: the law is one of large depth."""


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    placement: Placements = ("none", "post", "pre", "sandwich", "deep")
    """Where the normalization stands: one of them or a list."""
    normalization: Normalizations = ("layer", "rms")
    """LayerNorm or RMSNorm: one of them or a list."""
    depth: Depths = (2, 8, 16)
    """Blocks of a transformer: a number or a list; exponents need five of 8 or more."""
    draws: Annotated[int, Field(ge=1, le=1000)] = 2
    """Initializations over which a seed takes the mean."""
    dim: Width = 16
    """Width of the residual stream; a multiple of 4, the largest number of heads."""
    heads: Literal[1, 2, 4] = 4
    """Heads of attention."""
    batch_size: Annotated[int, Field(ge=1, le=1000)] = 16
    """Images whose gradient is taken."""
    dataset: Literal["auto", "digits", "mnist", "fashion"] = "digits"
    """Images; each row of pixels is a token."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """block (of the deepest network), network (one row behind its last block) or exponent."""
    placement: str
    normalization: str
    depth: int = 0
    layer: int = 0
    gradient_norm: float = NAN
    """Of the second feed-forward weight; in a network's row that of the last block."""
    first_over_last: float = NAN
    """Gradient of the first block over that of the last."""
    stream_rms: float = NAN
    """Root mean square of the residual stream behind the last block."""
    exponent: float = NAN
    """Slope of the logarithm of the last block's gradient over that of the depth, from 8 blocks on."""
    dataset: str = ""


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import image_split
    from experiments.norm.core.trainability import Architecture, depth_exponent, measure_start

    data = load_images(params.dataset, seed=seed)
    split = image_split(data, train=params.batch_size, validation=0, test=min(1000, len(data.test_labels)), seed=seed)
    yield Note(data.description)
    arms = [(norm, placement) for norm in params.normalization for placement in params.placement]
    depths = sorted(set(params.depth))
    for done, (norm, placement) in enumerate(arms):
        yield Progress("initializations", done, len(arms))
        architecture = Architecture(dim=params.dim, heads=params.heads, placement=placement, norm=norm)
        arm: dict[str, Any] = {"placement": placement, "normalization": norm, "dataset": data.name}
        starts = {}
        for depth in depths:
            starts[depth] = measure_start(
                split, depth, architecture, draws=params.draws, seed=seed, batch_size=params.batch_size
            )
            norms = starts[depth].gradient_norms
            yield Row(
                part="network",
                depth=depth,
                gradient_norm=norms[-1],
                first_over_last=norms[0] / norms[-1],
                stream_rms=starts[depth].stream_rms,
                **arm,
            )
        for layer, norm_of_block in enumerate(starts[depths[-1]].gradient_norms, start=1):
            yield Row(part="block", depth=depths[-1], layer=layer, gradient_norm=norm_of_block, **arm)
        fitted = [depth for depth in depths if depth >= LEAST_FITTED]
        last = [starts[depth].gradient_norms[-1] for depth in fitted]
        yield Row(part="exponent", exponent=depth_exponent(fitted, last), **arm)


def _networks(rows: Sequence[Row], placement: str, normalization: str = "layer") -> list[Row]:
    wanted = ("network", placement, normalization)
    return sorted(
        (row for row in rows if (row.part, row.placement, row.normalization) == wanted), key=lambda row: row.depth
    )


def _exponent(rows: Sequence[Row], placement: str, normalization: str, theory: float, tolerance: float) -> Comparison:
    networks = [row for row in _networks(rows, placement, normalization) if row.depth >= LEAST_FITTED]
    gradients: dict[int, list[float]] = {}
    for row in networks:
        gradients.setdefault(row.seed, []).append(row.gradient_norm)
    return slope(sorted({row.depth for row in networks}), gradients, theory=theory, tolerance=tolerance)


def pre_norm_gradient_falls_with_the_root_of_depth(rows: Sequence[Row]) -> Comparison:
    kinds = {"LayerNorm": "layer", "RMSNorm": "rms"}
    return conditional({name: _exponent(rows, "pre", kind, -0.5, 0.15) for name, kind in kinds.items()})


def post_norm_gradient_does_not_fall(rows: Sequence[Row]) -> Comparison:
    kinds = {"LayerNorm": "layer", "RMSNorm": "rms"}
    return conditional({name: _exponent(rows, "post", kind, 0.0, 0.1) for name, kind in kinds.items()})


def sandwich_and_deep_fall_as_pre_norm_does(rows: Sequence[Row]) -> Comparison:
    return conditional({name: _exponent(rows, name, "layer", -0.5, 0.15) for name in ("sandwich", "deep")})


def gradient_explodes(rows: Sequence[Row]) -> Comparison:
    placements = ("none", "post", "pre", "sandwich", "deep")
    return conditional({name: _first_over_last(rows, name, at_least=10) for name in placements})


def pre_norm_gradient_does_not_vanish(rows: Sequence[Row]) -> Comparison:
    return _first_over_last(rows, "pre", at_least=0.1)


def _first_over_last(rows: Sequence[Row], placement: str, *, at_least: float) -> Comparison:
    networks = _networks(rows, placement)
    deepest = max((row.depth for row in networks), default=0)
    ends = by_seed(networks, lambda row: row.first_over_last, lambda row: row.depth == deepest)
    return ratio(ends, dict.fromkeys(ends, 1.0), at_least=at_least)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Pre-norm: the last block's gradient falls with the root of the depth.",
            notes="Pre-norm prevents exploding and vanishing gradients (000:43)",
            kind="conditional",
            rule="LayerNorm and RMSNorm: exponent of the gradient norm over depth, from 8 blocks on, is -0.5 +- 0.15.",
            predicted="holds",
            judge=pre_norm_gradient_falls_with_the_root_of_depth,
        ),
        Claim(
            statement="Post-norm: the last block's gradient is as large in a deep transformer as in a shallow one.",
            notes="Pre-norm prevents exploding and vanishing gradients (000:43)",
            kind="conditional",
            rule="LayerNorm and RMSNorm: exponent of the gradient norm over depth, from 8 blocks on, is 0 +- 0.1.",
            predicted="holds",
            judge=post_norm_gradient_does_not_fall,
        ),
        Claim(
            statement="Sandwich and DeepNorm: the last block's gradient falls with the root of the depth, too.",
            notes="Layer norm, RMS norm, deep norm (000:41)",
            kind="conditional",
            rule="Each with LayerNorm: exponent of the gradient norm over depth, from 8 blocks on, is -0.5 +- 0.15.",
            predicted="holds",
            judge=sandwich_and_deep_fall_as_pre_norm_does,
        ),
        Claim(
            statement="The gradient grows more than tenfold from the last block to the first.",
            notes="Pre-norm prevents exploding and vanishing gradients (000:43)",
            kind="conditional",
            rule="Per placement, at the largest depth: gradient of the first block over that of the last is above 10.",
            predicted="conditional",
            judge=gradient_explodes,
        ),
        Claim(
            statement="Pre-norm keeps more than a tenth of the last block's gradient down to the first.",
            notes="Pre-norm prevents exploding and vanishing gradients (000:43)",
            kind="effect",
            rule="At the largest depth: gradient of the first block over that of the last is above 0.1.",
            predicted="holds",
            judge=pre_norm_gradient_does_not_vanish,
        ),
    ),
    tables=(
        Table(
            title="Exponent of the last block's gradient over depth",
            by=("normalization", "placement"),
            columns=("exponent",),
            where=lambda row: row.part == "exponent",
        ),
        Table(
            title="Gradient at initialization",
            by=("normalization", "placement", "depth"),
            columns=("gradient_norm", "first_over_last", "stream_rms"),
            where=lambda row: row.part == "network",
        ),
    ),
    curves=(
        Curve(
            name="last_gradient_over_depth",
            x="depth",
            y="gradient_norm",
            group="placement",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.part == "network" and row.normalization == "layer",
        ),
        Curve(
            name="gradient_over_layers",
            x="layer",
            y="gradient_norm",
            group="placement",
            y_scale="log",
            where=lambda row: row.part == "block" and row.normalization == "layer",
        ),
    ),
)
