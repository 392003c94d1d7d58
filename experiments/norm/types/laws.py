"""Statements about normalizations, tried on random tensors, each beside an object that must fail the same check."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from experiments.foundation.statements.trials import (
    TRIALS,
    TrialRow,
    distinct,
    instances,
    instances_by_case,
    trials_of,
    tried,
)
from experiments.lab.experiment import Part, Setup
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Counterexample, Theorem, Under
from experiments.norm.types.setup import Params

if TYPE_CHECKING:
    from torch import Tensor

ROUNDING = 1e-5
"""float32: 2^-23 times a hundred, for values up to about 10."""


DEEPEST = 100
"""Layers up to which DeepNorm's bound is computed."""
UNCHANGED = Theorem("the same after the change", control="the vector without normalization", tolerance=ROUNDING)


def run(setup: Setup[Params]) -> Iterator[TrialRow]:
    import torch

    params = setup.params
    generator = torch.Generator().manual_seed(setup.seed)
    dtype = torch.float64 if params.dtype == "float64" else torch.float32
    for _ in range(params.trials):
        x = torch.randn(params.examples, params.dim, generator=generator, dtype=dtype) * 2 + 1
        yield from torch_trials(x, params.eps)
        yield from invariance_trials(x, shift=3.0, scale=4.0)
        yield centering_trial(x)
        yield from batch_trials(x * 10)
    yield from deepnorm_trials(DEEPEST)


def torch_trials(x: Tensor, eps: float) -> Iterator[TrialRow]:
    """The own functions against torch.nn on x (n, dim); the control divides by the unbiased deviation plus eps."""
    from torch.nn import functional

    from experiments.norm.core.layers import RunningStatistics, batch_norm, group_norm, layer_norm, rms_norm

    dim = x.shape[1]
    groups = 4 if dim % 4 == 0 else 1
    in_training = batch_norm(x, RunningStatistics.initial(dim, x.dtype), training=True, eps=eps)
    pairs: dict[str, tuple[Tensor, Tensor]] = {
        "layer": (layer_norm(x, eps), functional.layer_norm(x, (dim,), eps=eps)),
        "rms": (rms_norm(x, eps), functional.rms_norm(x, (dim,), eps=eps)),
        "group": (group_norm(x, groups, eps), functional.group_norm(x, groups, eps=eps)),
        "batch": (in_training, functional.batch_norm(x, None, None, training=True, eps=eps)),
    }
    unbiased = (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True) + eps)
    for case, (own, theirs) in pairs.items():
        yield TrialRow(statement="torch", case=case, error=_gap(own, theirs), control_error=_gap(unbiased, theirs))


def invariance_trials(x: Tensor, shift: float, scale: float) -> Iterator[TrialRow]:
    """What does not change under shift or scale of each example, without eps; the control drops the normalization."""
    from experiments.norm.core.layers import layer_norm, rms_norm

    norms: dict[str, Callable[[Tensor, float], Tensor]] = {"layer": layer_norm, "rms": rms_norm}
    for case, norm in norms.items():
        for change, moved in (("shift", x + shift), ("scale", x * scale)):
            yield TrialRow(
                statement="invariance",
                case=f"{case}, {change}",
                error=_gap(norm(moved, 0.0), norm(x, 0.0)),
                control_error=_gap(moved, x),
                counterexample=f"x = {[round(v, 2) for v in x[0, :3].tolist()]}..., {change}",
            )


def centering_trial(x: Tensor) -> TrialRow:
    """LayerNorm(x) = RMSNorm(x - mean); the control does not center."""
    from experiments.norm.core.layers import layer_norm, rms_norm

    expected = layer_norm(x)
    return TrialRow(
        statement="centering",
        case="layer = rms of centered",
        error=_gap(rms_norm(x - x.mean(-1, keepdim=True)), expected),
        control_error=_gap(rms_norm(x), expected),
    )


def batch_trials(x: Tensor) -> Iterator[TrialRow]:
    """Batch normalization on x (n, dim): its batch statistics, running statistics against torch, one example."""
    import torch
    from torch import nn

    from experiments.norm.core.layers import RunningStatistics, batch_norm

    own, theirs = RunningStatistics.initial(x.shape[1], x.dtype), nn.BatchNorm1d(x.shape[1], dtype=x.dtype)
    normalized = batch_norm(x, own, training=True)
    evaluated = batch_norm(x, own, training=False)
    with torch.no_grad():
        theirs(x)
        expected = theirs.eval()(x)

    def trial(case: str, error: float, control: float) -> TrialRow:
        return TrialRow(statement="batch", case=case, error=error, control_error=control)

    yield trial("mean 0, variance 1 in training", _off_standard(normalized), _off_standard(evaluated))
    yield trial("running statistics in evaluation", _gap(evaluated, expected), _gap(normalized, evaluated))
    batch, layer = nn.BatchNorm1d(x.shape[1], dtype=x.dtype), nn.LayerNorm(x.shape[1], dtype=x.dtype)
    taken = [float(not _refuses(module, x[:1])) for module in (batch, layer)]
    yield trial("one example refused in training", *taken)


def deepnorm_trials(largest: int) -> Iterator[TrialRow]:
    """The bound of DeepNet's model update, 2 N (v^2 + w^2) / alpha^2 with v = w = beta, is 1 for every number of layers
    N; with alpha = beta = 1 (post-norm) it is 4 N."""
    from experiments.foundation.architectures.transformer import deepnorm_constants

    for layers in range(1, largest + 1):
        alpha, beta = deepnorm_constants(layers)
        off = abs(2 * layers * 2 * beta**2 / alpha**2 - 1)
        yield TrialRow(statement="deepnorm", case="update bound is 1", error=off, control_error=abs(4.0 * layers - 1))


def _gap(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max())


def _off_standard(x: Tensor) -> float:
    """How far the columns are from mean 0 and variance 1."""
    return max(float(x.mean(0).abs().max()), float((x.var(0, correction=0) - 1).abs().max()))


def _refuses(module: Callable[[Tensor], Tensor], x: Tensor) -> bool:
    try:
        module(x)
    except ValueError:
        return True
    return False


def every_depth(rows: Sequence[TrialRow]) -> Instances:
    """DeepNorm's bound, which is the same for every seed."""
    return replace(tried(distinct(trials_of(rows, "deepnorm"))), all_of=f"all N up to {DEEPEST}")


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "norms_equal_torch",
            statement="Layer, RMS, group and batch normalization use the biased variance with eps inside the root.",
            rule=Theorem("equal to torch.nn", control="the unbiased deviation plus eps", tolerance=ROUNDING),
            measure=instances("torch"),
            topic="Formulas of normalizations",
            predicted="holds",
            source="Ba et al. 2016; Zhang and Sennrich 2019; Ioffe and Szegedy 2015",
        ),
        Claim(
            "norms_ignore_shift_and_scale",
            statement="A normalized vector does not change when its input is shifted or scaled.",
            rule=Under(
                {
                    **dict.fromkeys(("layer, shift", "layer, scale", "rms, scale"), UNCHANGED),
                    "rms, shift": Counterexample("the same after the change", tolerance=ROUNDING),
                }
            ),
            measure=instances_by_case("invariance"),
            topic="Layer norm and RMS norm",
            predicted={
                "layer, shift": "holds",
                "layer, scale": "holds",
                "rms, shift": "refuted",
                "rms, scale": "holds",
            },
            source="Zhang and Sennrich 2019, invariance properties",
        ),
        Claim(
            "layer_norm_is_rms_norm_of_centered",
            statement="LayerNorm of x is RMSNorm of x minus its mean.",
            rule=Theorem("the two are equal", control="RMSNorm of x itself", tolerance=ROUNDING),
            measure=instances("centering"),
            topic="Layer norm and RMS norm",
            predicted="holds",
            source="Zhang and Sennrich 2019",
        ),
        Claim(
            "batch_norm_differs_in_evaluation",
            statement="Batch normalization standardizes a batch in training, uses running statistics in evaluation and "
            "refuses one example.",
            rule=Theorem(
                "mean 0 and variance 1 in training, torch's running statistics in evaluation",
                control="the other mode",
                tolerance=ROUNDING,
            ),
            measure=instances("batch"),
            topic="Batch normalization",
            predicted="holds",
            source="Ioffe and Szegedy 2015",
        ),
        Claim(
            "deepnorm_bound_is_independent_of_depth",
            statement="DeepNorm's bound of the model update, 4 N beta^2 / alpha^2, is 1 for every depth N.",
            rule=Theorem("the bound is 1 for 1 to 100 layers", control="alpha = beta = 1", tolerance=1e-12),
            measure=every_depth,
            topic="Deep norm",
            predicted="holds",
            source="Wang et al. 2022 (DeepNet)",
        ),
    ),
    tables=(TRIALS,),
)
