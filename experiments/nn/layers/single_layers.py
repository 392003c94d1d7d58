"""What single layers compute, tried on random tensors, each beside an object that must fail the same check.

Tensors are float64 with entries of order 1; errors are largest absolute differences, or 1 for a property that lacks.
torch's layers are compared with formulas of numpy, with scipy and with numbers of parameters in closed form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import scipy
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from experiments.foundation.costs import parameter_counts as counts
from experiments.foundation.statements.trials import TrialRow
from experiments.nn.layers.setup import ROUNDING

Vector = NDArray[np.float64]
ACTIVATIONS: dict[str, tuple[nn.Module, Callable[[Vector], Vector]]] = {
    "sigmoid": (nn.Sigmoid(), lambda z: 1 / (1 + np.exp(-z))),
    "tanh": (nn.Tanh(), np.tanh),
    "ReLU": (nn.ReLU(), lambda z: np.maximum(z, 0)),
    "LeakyReLU": (nn.LeakyReLU(0.01), lambda z: np.where(z > 0, z, 0.01 * z)),
    "ELU": (nn.ELU(), lambda z: np.where(z > 0, z, np.expm1(z))),
}


def neuron_trials(x: Tensor) -> Iterator[TrialRow]:
    """activation(sum_i w_i x_i + b) in numpy against nn.Linear and the activation on x (n, d); the control lacks b."""
    layer = _linear(x.shape[1], 1)
    w, b, points = layer.weight.detach().numpy()[0], layer.bias.item(), x.numpy()
    for name, (activation, formula) in ACTIVATIONS.items():
        with torch.no_grad():
            found = activation(layer(x)).numpy()[:, 0]
        sums = (points * w).sum(1)
        error, without_bias = (float(np.abs(found - formula(z)).max()) for z in (sums + b, sums))
        yield TrialRow(statement="neuron", case=name, error=error, control_error=without_bias)


def threshold_trials(x: Tensor) -> Iterator[TrialRow]:
    """Does the unit fire exactly where w . x exceeds -b, or b? The control always fires."""
    layer = _linear(x.shape[1], 1)
    with torch.no_grad():
        fires, weighted = layer(x)[:, 0] > 0, x @ layer.weight[0]
    b = layer.bias.item()
    for case, threshold in (("threshold -b", -b), ("threshold b", b)):
        wrong = fires != (weighted > threshold)
        first = int(wrong.int().argmax())
        counterexample = f"w . x = {float(weighted[first]):.3f}, b = {b:.3f}, fires: {bool(fires[first])}"
        yield TrialRow(
            statement="threshold",
            case=case,
            error=float(wrong.any()),
            control_error=float(not fires.all()),
            counterexample=counterexample,
        )


def collapse_trial(x: Tensor, depth: int, width: int) -> TrialRow:
    """``depth`` linear layers against the one affine map that their matrices and biases make, on x (n, d).

    The control puts ReLU behind each and is compared with the best affine map by least squares, so n must exceed d + 1.
    """
    layers = [_linear(x.shape[1] if i == 0 else width, width) for i in range(depth)]
    with torch.no_grad():
        matrix, shift = torch.eye(x.shape[1], dtype=x.dtype), torch.zeros(x.shape[1], dtype=x.dtype)
        for layer in layers:
            matrix, shift = layer.weight @ matrix, layer.weight @ shift + layer.bias
        plain, bent = x, x
        for layer in layers:
            plain, bent = layer(plain), layer(bent).relu()
        with_one = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=1)
        fitted = with_one @ torch.linalg.lstsq(with_one, bent).solution
    return TrialRow(
        statement="collapse",
        case=f"{depth} linear layers",
        error=_gap(plain, x @ matrix.T + shift),
        control_error=_gap(bent, fitted),
    )


def affinity_trial(x: Tensor, y: Tensor, share: float) -> TrialRow:
    """Is nn.Linear nonlinear? Error 1 if f(a x + (1 - a) y) = a f(x) + (1 - a) f(y)."""
    layer = _linear(x.shape[1], x.shape[1])
    with torch.no_grad():
        deviation = _gap(layer(share * x + (1 - share) * y), share * layer(x) + (1 - share) * layer(y))
    return TrialRow(
        statement="nonlinear",
        case="nn.Linear",
        error=float(deviation <= ROUNDING),
        counterexample=f"f(a x + (1 - a) y) and a f(x) + (1 - a) f(y) differ by {deviation:.1e} at a = {share:.3f}",
    )


def sequential_trial(x: Tensor) -> TrialRow:
    """nn.Sequential against calling its layers by hand; the control leaves out the activation."""
    first, second = _linear(x.shape[1], 8), _linear(8, 3)
    with torch.no_grad():
        together = nn.Sequential(first, nn.Tanh(), second)(x)
        error, control = _gap(together, second(first(x).tanh())), _gap(together, second(first(x)))
    return TrialRow(statement="sequential", case="Linear, Tanh, Linear", error=error, control_error=control)


def batch_norm_trials(x: Tensor) -> Iterator[TrialRow]:
    """nn.BatchNorm1d on x (n, d) in training and in evaluation, each the control of the other."""
    layer = nn.BatchNorm1d(x.shape[1], dtype=x.dtype)
    with torch.no_grad():
        trained = layer(x)
        evaluated = layer.eval()(x)
        # running statistics start at mean 0, variance 1 and move a tenth of the way, to the unbiased variance
        mean, variance = 0.1 * x.mean(0), 0.9 + 0.1 * x.var(0)
        by_hand = (x - mean) / torch.sqrt(variance + layer.eps)
    yield TrialRow(
        statement="batch norm",
        case="mean 0, variance 1 in training",
        error=_off_standard(trained),
        control_error=_off_standard(evaluated),
    )
    yield TrialRow(
        statement="batch norm",
        case="running statistics in evaluation",
        error=_gap(evaluated, by_hand),
        control_error=_gap(trained, by_hand),
    )


def dropout_trials(x: Tensor, p: float) -> Iterator[TrialRow]:
    """nn.Dropout on x without zeros: are survivors x / (1 - p), or x; and what happens in evaluation?

    The control of survivors are the unscaled ones, of evaluation the outputs in training.
    """
    layer = nn.Dropout(p)
    dropped = layer(x)
    kept = dropped != 0
    scaled, unscaled = _gap(dropped[kept], x[kept] / (1 - p)), _gap(dropped[kept], x[kept])
    idle, active = _gap(layer.eval()(x), x), _gap(dropped, x)
    yield TrialRow(statement="dropout", case="survivors are x / (1 - p)", error=scaled, control_error=unscaled)
    yield TrialRow(statement="dropout", case="nothing happens in evaluation", error=idle, control_error=active)
    yield TrialRow(
        statement="rest untouched",
        case="in training",
        error=unscaled,
        counterexample=f"p = {p:g}: {float(x[kept][0]):.3f} becomes {float(dropped[kept][0]):.3f}",
    )
    yield TrialRow(statement="rest untouched", case="in evaluation", error=idle, control_error=active)


def dropout_share_trials(n: int, p: float) -> Iterator[TrialRow]:
    """nn.Dropout on n ones: share of zeros and mean, in standard deviations from p and 1.

    The control of the share are the ones themselves, of the mean survivors that are not scaled.
    """
    dropped = nn.Dropout(p)(torch.ones(n, dtype=torch.float64))
    share, deviation = float((dropped == 0).double().mean()), (p * (1 - p) / n) ** 0.5
    errors = {
        "a share p is zero": (share - p, p),
        "the mean stays": ((1 - p) * (float(dropped.mean()) - 1), (1 - p) * p),
    }
    for case, (off, control) in errors.items():
        yield TrialRow(statement="dropout", case=case, error=abs(off) / deviation, control_error=control / deviation)


def convolution_trial(generator: torch.Generator) -> TrialRow:
    """nn.Conv2d against scipy.signal.correlate2d summed over channels; the control is scipy.signal.convolve2d."""
    layer = nn.Conv2d(2, 3, 3, dtype=torch.float64)
    image = torch.randn(1, 2, 9, 7, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        found = layer(image)[0].numpy()
    weight, bias, planes = layer.weight.detach().numpy(), layer.bias, image[0].numpy()

    def off(operation: Callable[..., NDArray[np.float64]]) -> float:
        sums = [
            sum(operation(plane, w, mode="valid") for plane, w in zip(planes, kernel, strict=True)) for kernel in weight
        ]
        shift = 0.0 if bias is None else bias.detach().numpy()[:, None, None]
        return float(np.abs(found - (np.stack(sums) + shift)).max())

    return TrialRow(
        statement="convolution",
        case="Conv2d is correlate2d",
        error=off(scipy.signal.correlate2d),
        control_error=off(scipy.signal.convolve2d),
    )


def count_trials(rng: np.random.Generator) -> Iterator[TrialRow]:
    """Numbers of parameters of torch's layers of random size against closed forms; the control counts no bias."""
    a, b, c = (int(size) for size in rng.integers(1, 9, 3))
    layers, kernel, heads = int(rng.integers(1, 4)), int(rng.integers(1, 6)), int(rng.integers(1, 4))
    built: dict[str, tuple[nn.Module, Callable[[bool], int]]] = {
        "Linear": (nn.Linear(a, b), lambda bias: counts.linear(a, b, bias=bias)),
        "Conv2d": (
            nn.Conv2d(a * c, b * c, kernel, groups=c),
            lambda bias: counts.conv2d(a * c, b * c, kernel, groups=c, bias=bias),
        ),
        "transformer layer": (
            nn.TransformerEncoderLayer(heads * a, heads, b),
            lambda bias: counts.transformer_layer(heads * a, b, bias=bias),
        ),
        "RNN": (nn.RNN(a, b, layers), lambda bias: counts.recurrent("rnn", a, b, layers=layers, bias=bias)),
        "GRU": (nn.GRU(a, b, layers), lambda bias: counts.recurrent("gru", a, b, layers=layers, bias=bias)),
        "LSTM": (nn.LSTM(a, b, layers), lambda bias: counts.recurrent("lstm", a, b, layers=layers, bias=bias)),
    }
    for case, (module, closed_form) in built.items():
        found = sum(parameter.numel() for parameter in module.parameters())
        yield TrialRow(
            statement="parameters",
            case=case,
            error=abs(found - closed_form(True)),
            control_error=abs(found - closed_form(False)),
            counterexample=f"{case}: {found} parameters, sizes {a}, {b}, {c}",
        )


def standard_normal(generator: torch.Generator, shape: Sequence[int]) -> Tensor:
    """Entries in float64; none of them is 0."""
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


def _linear(n_in: int, n_out: int) -> nn.Linear:
    return nn.Linear(n_in, n_out, dtype=torch.float64)


def _gap(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max())


def _off_standard(x: Tensor) -> float:
    """How far columns are from mean 0 and biased variance 1; eps = 1e-5 alone makes 1e-5 / variance."""
    return max(float(x.mean(0).abs().max()), float((x.var(0, correction=0) - 1).abs().max()))
