"""Remember one symbol: networks that read a sequence, and how far back their gradient reaches.

Task: the first step shows one of k symbols, all later steps are blank and alike, and after ``lag`` blanks the
symbol has to be named. Chance is 1 / k and the best possible accuracy is 1. Conventions: inputs (batch, lag + 1, k
+ 1), one-hot, the last channel is the blank; the answer is read at the last step, which is never padding.
Source: Bengio, Simard, Frasconi: Learning Long-Term Dependencies with Gradient Descent is Difficult, IEEE Trans.
Neural Networks 5(2), 1994; Hochreiter, Schmidhuber: Long Short-Term Memory, Neural Computation 9(8), 1997;
Jozefowicz, Zaremba, Sutskever: An Empirical Exploration of Recurrent Network Architectures, ICML 2015 (forget bias).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn

Cell = Literal["rnn", "gru", "lstm", "lstm_forget_bias", "transformer"]
HEADS = 4


def sequences(symbols: int, lag: int) -> tuple[Tensor, Tensor]:
    """All that there are: inputs (symbols, lag + 1, symbols + 1) and the symbols to remember (symbols,).

    >>> sequences(2, 1)[0].tolist()
    [[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]]
    """
    inputs, answers = torch.zeros(symbols, lag + 1, symbols + 1), torch.arange(symbols)
    inputs[answers, 0, answers] = 1.0
    inputs[:, 1:, symbols] = 1.0
    return inputs, answers


def positions(length: int, width: int) -> Tensor:
    """The sinusoidal code of Vaswani et al. (2017): (length, width), sines in even and cosines in odd channels."""
    angles = torch.arange(length)[:, None] * torch.exp(-math.log(10_000) * torch.arange(0, width, 2) / width)
    code = torch.zeros(length, width)
    code[:, 0::2], code[:, 1::2] = angles.sin(), angles.cos()
    return code


class Attention(nn.Module):
    """One pre-norm transformer layer without dropout over (batch, length, channels): hidden states (batch, length,
    hidden).
    """

    def __init__(self, channels: int, hidden: int, *, causal: bool = True, positional: bool = True) -> None:
        super().__init__()
        self.embed = nn.Linear(channels, hidden)
        self.layer = nn.TransformerEncoderLayer(
            hidden, HEADS, dim_feedforward=2 * hidden, dropout=0.0, batch_first=True, norm_first=True
        )
        self.causal = causal
        self.positional = positional

    def forward(self, inputs: Tensor) -> Tensor:
        """Hidden states (batch, length, hidden)."""
        hidden = self.embed(inputs)
        length = inputs.shape[1]
        if self.positional:
            hidden = hidden + positions(length, hidden.shape[2]).to(hidden.dtype)
        mask = torch.ones(length, length, dtype=torch.bool).triu(1) if self.causal else None
        return self.layer(hidden, src_mask=mask)


class Recurrent(nn.Module):
    """torch's RNN (tanh), GRU or LSTM over (batch, length, channels): hidden states (batch, length, hidden)."""

    def __init__(self, cell: Cell, channels: int, hidden: int, forget_bias: float) -> None:
        super().__init__()
        kind = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM, "lstm_forget_bias": nn.LSTM}[cell]
        self.cell = kind(channels, hidden, batch_first=True)
        if cell == "lstm_forget_bias":
            with torch.no_grad():  # gates lie in the order input, forget, cell, output; the two biases add up
                self.cell.bias_ih_l0[hidden : 2 * hidden] = forget_bias
                self.cell.bias_hh_l0[hidden : 2 * hidden] = 0.0

    def forward(self, inputs: Tensor) -> Tensor:
        """Hidden states (batch, length, hidden)."""
        return self.cell(inputs)[0]


def body(cell: Cell, channels: int, hidden: int, forget_bias: float) -> nn.Module:
    """A network from inputs (batch, length, channels) to hidden states (batch, length, hidden).

    Raises:
        ValueError: a transformer whose hidden size is no multiple of its 4 heads.
    """
    if cell == "transformer":
        if hidden % HEADS:
            raise ValueError(f"expected a hidden size that {HEADS} heads divide, got {hidden}")
        return Attention(channels, hidden)
    return Recurrent(cell, channels, hidden, forget_bias)


def gradient_reach(network: nn.Module, inputs: Tensor, generator: torch.Generator) -> float:
    """|dv.h_T / dx_0| / |dv.h_T / dx_T| for a random direction v of the last hidden state, over inputs (batch, length,
    channels).

    The network and the inputs should be float64: with float32 the ratio underflows at lags of about a hundred.
    """
    x = inputs.clone().requires_grad_()
    last = network(x)[:, -1]
    direction = torch.randn(last.shape[1], generator=generator, dtype=last.dtype)
    (gradient,) = torch.autograd.grad((last @ direction).sum(), x)
    return float(gradient[:, 0].norm() / gradient[:, -1].norm())


def linear_reach(radius: float, lag: int, size: int, generator: torch.Generator, *, saturating: bool = False) -> float:
    """|dv.h_T / dh_0| / |v| of h_t = radius Q h_(t-1), Q orthogonal: radius^lag exactly; less with tanh around it."""
    q, _ = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64))
    start = torch.randn(size, generator=generator, dtype=torch.float64).requires_grad_()
    direction = torch.randn(size, generator=generator, dtype=torch.float64)
    state = start
    for _ in range(lag):
        state = radius * (q @ state)
        state = torch.tanh(state) if saturating else state
    (gradient,) = torch.autograd.grad(state @ direction, start)
    return float(gradient.norm() / direction.norm())
