"""Statements about normalizations, tried on random tensors, each beside an object that must fail the same check."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from experiments.foundation.networks.timing import reproducible
from experiments.foundation.networks.transformer import Encoder, Placement, deepnorm_constants
from experiments.foundation.statements.trial import Trial
from experiments.norm.core.layers import RunningStatistics, batch_norm, group_norm, layer_norm, rms_norm


def _gap(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max())


def torch_trials(x: Tensor, eps: float) -> Iterator[Trial]:
    """The own functions against torch.nn on x (n, dim); the control divides by the unbiased deviation plus eps."""
    dim = x.shape[1]
    groups = 4 if dim % 4 == 0 else 1
    pairs: dict[str, tuple[Tensor, Tensor]] = {
        "layer": (layer_norm(x, eps), nn.functional.layer_norm(x, (dim,), eps=eps)),
        "rms": (rms_norm(x, eps), nn.functional.rms_norm(x, (dim,), eps=eps)),
        "group": (group_norm(x, groups, eps), nn.functional.group_norm(x, groups, eps=eps)),
        "batch": (
            batch_norm(x, RunningStatistics.initial(dim, x.dtype), training=True, eps=eps),
            nn.functional.batch_norm(x, None, None, training=True, eps=eps),
        ),
    }
    unbiased = (x - x.mean(1, keepdim=True)) / (x.std(1, keepdim=True) + eps)
    for case, (own, theirs) in pairs.items():
        yield Trial(part="torch", case=case, error=_gap(own, theirs), control_error=_gap(unbiased, theirs))


def invariance_trials(x: Tensor, shift: float, scale: float) -> Iterator[Trial]:
    """What does not change under shift or scale of each example, without eps; the control drops the normalization."""
    norms: dict[str, Callable[[Tensor], Tensor]] = {
        "layer": lambda t: layer_norm(t, 0.0),
        "rms": lambda t: rms_norm(t, 0.0),
    }
    for case, norm in norms.items():
        base = norm(x)
        for change, moved in (("shift", x + shift), ("scale", x * scale)):
            witness = f"x = {[round(v, 2) for v in x[0, :3].tolist()]}..., {change}"
            error = _gap(norm(moved), base)
            yield Trial(
                part="invariance", case=f"{case}, {change}", error=error, control_error=_gap(moved, x), witness=witness
            )


def centering_trial(x: Tensor) -> Trial:
    """LayerNorm(x) = RMSNorm(x - mean); the control does not center."""
    expected = layer_norm(x)
    centered = rms_norm(x - x.mean(-1, keepdim=True))
    return Trial(
        part="centering",
        case="layer = rms of centered",
        error=_gap(centered, expected),
        control_error=_gap(rms_norm(x), expected),
    )


def batch_trials(x: Tensor) -> Iterator[Trial]:
    """Batch normalization on x (n, dim): its batch statistics, running statistics against torch, one example."""
    own, theirs = RunningStatistics.initial(x.shape[1], x.dtype), nn.BatchNorm1d(x.shape[1], dtype=x.dtype)
    normalized = batch_norm(x, own, training=True)
    with torch.no_grad():
        theirs(x)
    standardized = max(float(normalized.mean(0).abs().max()), float((normalized.var(0, correction=0) - 1).abs().max()))
    evaluated = batch_norm(x, own, training=False)
    off = max(float(evaluated.mean(0).abs().max()), float((evaluated.var(0, correction=0) - 1).abs().max()))
    yield Trial(part="batch", case="mean 0, variance 1 in training", error=standardized, control_error=off)
    with torch.no_grad():
        error = _gap(evaluated, theirs.eval()(x))
    yield Trial(
        part="batch", case="running statistics in evaluation", error=error, control_error=_gap(normalized, evaluated)
    )
    yield Trial(
        part="batch",
        case="one example refused in training",
        error=float(not _refused(lambda: nn.BatchNorm1d(x.shape[1], dtype=x.dtype)(x[:1]))),
        control_error=float(not _refused(lambda: nn.LayerNorm(x.shape[1], dtype=x.dtype)(x[:1]))),
    )


def deepnorm_trials(largest: int) -> Iterator[Trial]:
    """The bound of DeepNet's model update, 2 N (v^2 + w^2) / alpha^2 with v = w = beta, is 1 for every number of layers
    N; with alpha = beta = 1 (post-norm) it is 4 N."""
    for layers in range(1, largest + 1):
        alpha, beta = deepnorm_constants(layers)
        bound = 2 * layers * 2 * beta**2 / alpha**2
        yield Trial(
            part="deepnorm", case="update bound is 1", error=abs(bound - 1), control_error=abs(4.0 * layers - 1)
        )


def model_update(layers: int, dim: int, placement: Placement, lr: float, seed: int) -> float:
    """Root mean square change of the encoder's output on random tokens (8, 8, dim) after one step of sgd."""
    with reproducible(seed):
        encoder = Encoder(layers=layers, dim=dim, heads=4, placement=placement).double()
        x, target = torch.randn(8, 8, dim).double(), torch.randn(8, 8, dim).double()
        before = encoder(x)
        (before * target).mean(0).sum().div(dim**0.5).backward()
        with torch.no_grad():
            for parameter in encoder.parameters():
                if parameter.grad is not None:
                    parameter.sub_(lr * parameter.grad)
            return float((encoder(x) - before).square().mean().sqrt())


def _refused(call: Callable[[], object]) -> bool:
    try:
        call()
    except ValueError:
        return True
    return False
