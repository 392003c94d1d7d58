"""What do LayerNorm, RMSNorm, BatchNorm and DeepNorm compute, and what does not change under them?

Own functions are compared with torch.nn on random tensors; the model update of DeepNorm and post-norm is measured over
depth after one step of gradient descent.

Notes: layer, RMS and deep normalization (000:41); batch normalization (002:104).
Source: Ba, Kiros, Hinton: Layer Normalization, 2016; Zhang, Sennrich: Root Mean Square Layer Normalization, 2019;
Ioffe, Szegedy: Batch Normalization, 2015; Wang et al.: DeepNet: Scaling Transformers to 1,000 Layers, 2022.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.foundation.statements.instances import NAN, InstanceRow, judge_instances, select
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Table
from experiments.lab.judge.claims import Claim, Comparison, by_seed, conditional, ratio

TOLERANCE = 1e-5  # float32: 2^-23 times a hundred, for values up to about 10


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    trials: Annotated[int, Field(ge=1, le=10_000)] = 10
    """Random tensors on which every statement is tried."""
    dim: Annotated[int, Field(ge=4, le=4096)] = 64
    """Entries that are normalized together."""
    examples: Annotated[int, Field(ge=2, le=4096)] = 16
    """Rows of a tensor."""
    eps: Annotated[float, Field(gt=0, le=1)] = 1e-5
    """Added to the variance."""
    dtype: Literal["float32", "float64"] = "float64"
    """Type of the tensors."""
    depth: tuple[Annotated[int, Field(ge=1, le=64)], ...] = (2, 8)
    """Blocks of the transformers whose update is measured."""


@dataclass(frozen=True, kw_only=True)
class Row(InstanceRow):
    depth: int = 0
    model_update: float = NAN
    """Root mean square change of the output after one step of gradient descent with the learning rate 0.01."""


def run(params: Params, seed: int) -> Iterator[Event]:
    import torch

    from experiments.norm.core import laws

    generator = torch.Generator().manual_seed(seed)
    dtype = torch.float64 if params.dtype == "float64" else torch.float32
    for _ in range(params.trials):
        x = torch.randn(params.examples, params.dim, generator=generator, dtype=dtype) * 2 + 1
        tried = [
            *laws.torch_trials(x, params.eps),
            *laws.invariance_trials(x, shift=3.0, scale=4.0),
            laws.centering_trial(x),
            *laws.batch_trials(x * 10),
        ]
        yield from (Row(**asdict(trial)) for trial in tried)
    yield from (Row(**asdict(trial)) for trial in laws.deepnorm_trials(100))
    for placement in ("post", "deep"):
        for depth in params.depth:
            change = laws.model_update(depth, 32, placement, 0.01, seed)
            yield Row(part="update", case=placement, depth=depth, model_update=change)


def norms_equal_torch(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "torch"), TOLERANCE)


def norms_ignore_shift_and_scale(rows: Sequence[Row]) -> Comparison:
    cases = ("layer, shift", "layer, scale", "rms, shift", "rms, scale")
    return conditional({case: judge_instances(select(rows, "invariance", case), TOLERANCE) for case in cases})


def layer_norm_is_rms_norm_of_centered(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "centering"), TOLERANCE)


def batch_norm_differs_in_evaluation(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "batch"), TOLERANCE)


def deepnorm_bound_is_independent_of_depth(rows: Sequence[Row]) -> Comparison:
    return judge_instances(select(rows, "deepnorm"), 1e-12)


def deepnorm_updates_are_smaller(rows: Sequence[Row]) -> Comparison:
    deepest = max(row.depth for row in rows)
    post, deep = (
        by_seed(rows, lambda r: r.model_update, lambda r, c=case: (r.case, r.depth) == (c, deepest))  # type: ignore[misc]
        for case in ("post", "deep")
    )
    return ratio(post, deep, at_least=2)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Layer, RMS, group and batch normalization use the biased variance with eps inside the root.",
            notes="Layer norm, RMS norm, deep norm (000:41)",
            kind="theorem",
            rule="Equal to torch.nn up to 1e-5; unbiased deviation plus eps must differ.",
            predicted="holds",
            judge=norms_equal_torch,
        ),
        Claim(
            statement="A normalized vector does not change when its input is shifted or scaled.",
            notes="Layer norm, RMS norm, deep norm (000:41)",
            kind="conditional",
            rule="Per norm and change: equal up to 1e-5; without normalization it must change.",
            predicted="conditional",
            judge=norms_ignore_shift_and_scale,
        ),
        Claim(
            statement="LayerNorm of x is RMSNorm of x minus its mean.",
            notes="Layer norm, RMS norm, deep norm (000:41)",
            kind="theorem",
            rule="Equal up to 1e-5; RMSNorm of x itself must differ.",
            predicted="holds",
            judge=layer_norm_is_rms_norm_of_centered,
        ),
        Claim(
            statement="Batch normalization standardizes a batch in training, uses running statistics in evaluation and "
            "refuses one example.",
            notes="Batch normalization (002:104)",
            kind="theorem",
            rule="Off by at most 1e-5 from mean 0, variance 1 and torch's running statistics; evaluation must differ.",
            predicted="holds",
            judge=batch_norm_differs_in_evaluation,
        ),
        Claim(
            statement="DeepNorm's bound of the model update, 4 N beta^2 / alpha^2, is 1 for every depth N.",
            notes="Deep norm (000:41)",
            kind="theorem",
            rule="1 up to 1e-12 for 1 to 100 layers; alpha = beta = 1 must not be.",
            predicted="holds",
            judge=deepnorm_bound_is_independent_of_depth,
        ),
        Claim(
            statement="One step changes the output of the deepest post-norm transformer at least twice as much as that "
            "of DeepNorm.",
            notes="Deep norm (000:41)",
            kind="effect",
            rule="Change of the output by one step, post-norm / DeepNorm > 2 at the largest depth.",
            predicted="holds",
            judge=deepnorm_updates_are_smaller,
        ),
    ),
    tables=(
        Table(
            title="Statements and their controls",
            by=("part", "case"),
            columns=("error", "control_error"),
            where=lambda row: row.part != "update",
        ),
        Table(
            title="Change of the output by one step of gradient descent",
            by=("case", "depth"),
            columns=("model_update",),
            where=lambda row: row.part == "update",
        ),
    ),
    curves=(
        Curve(
            name="update_over_depth",
            x="depth",
            y="model_update",
            group="case",
            x_scale="log",
            y_scale="log",
            where=lambda row: row.part == "update",
        ),
    ),
)
