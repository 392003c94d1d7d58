"""Networks that read a sequence and answer at its end, side by side; trained to remember, and how sure they are.

The recurrences are those of torch's RNN, GRU and LSTM, written for all members at once, because a step of one small
network takes as long as a step of many. Of what is to be remembered there are only as many different sequences as
symbols, so every update sees all of them, and no test has others: what varies from training to training is the first
weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.attention import SDPBackend, sdpa_kernel

from experiments.foundation.networks.side_by_side import FlatAdam, member_losses
from experiments.foundation.networks.tuned_networks import Members
from experiments.seq.core.memory import Cell, Recurrent, body, sequences


class Reader(nn.Module):
    """A body, and a linear answer from its last hidden state: (batch, length, channels) to (batch, answers)."""

    def __init__(self, cell: Cell, channels: int, answers: int, hidden: int, forget_bias: float = 0.0) -> None:
        super().__init__()
        self.body = body(cell, channels, hidden, forget_bias)
        self.answer = nn.Linear(hidden, answers)

    def forward(self, inputs: Tensor) -> Tensor:
        """Answers (batch, answers)."""
        return self.answer(self.body(inputs)[:, -1])


class Readers(Members[Reader]):
    """Networks of one cell as one: sequences (n, length, channels) for all, or (members, n, length, channels) with
    each member's own, to answers (members, n, answers).
    """

    def forward(self, inputs: Tensor) -> Tensor:
        network = self.networks[0]
        own = inputs.expand(len(self.networks), *inputs.shape[-3:])
        if not isinstance(network.body, Recurrent):
            with sdpa_kernel(SDPBackend.MATH):  # the others are not batched by vmap
                each = torch.vmap(partial(functional_call, network), in_dims=(0, 0), randomness="same")
                return each(dict(zip(self._names, self.weights, strict=True)), own)
        step = {nn.RNN: rnn_step, nn.GRU: gru_step, nn.LSTM: lstm_step}[type(network.body.cell)]
        w_in, w, b_in, b = self.stacked("body")
        # what the inputs add does not wait for the state: (length, members, n, gates)
        driven = torch.einsum("mnlc,mgc->lmng", own, w_in) + b_in[:, None]
        state = driven.new_zeros(2, len(w), own.shape[1], w.shape[-1])
        w, b = w.transpose(1, 2), b[:, None]
        for now in driven:
            state = step(now, state, w, b)
        weight, bias = self.stacked("answer")
        return torch.baddbmm(bias[:, None], state[0], weight.transpose(1, 2))


def rnn_step(driven: Tensor, state: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """h <- tanh(driven + h W + b); ``state`` (2, members, n, hidden) is h and, in an LSTM, its cell."""
    return (driven + torch.baddbmm(b, state[0], w)).tanh()[None]


def gru_step(driven: Tensor, state: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """h <- n + z (h - n) with n = tanh(driven_n + r (h W_n + b_n)); gates lie in the order r, z, n."""
    h = state[0]
    size = h.shape[-1]
    recurrent = torch.baddbmm(b, h, w)
    r, z = (driven[..., : 2 * size] + recurrent[..., : 2 * size]).sigmoid().chunk(2, dim=-1)
    n = (driven[..., 2 * size :] + r * recurrent[..., 2 * size :]).tanh()
    return torch.lerp(n, h, z)[None]


def lstm_step(driven: Tensor, state: Tensor, w: Tensor, b: Tensor) -> Tensor:
    """c <- f c + i g and h <- o tanh(c); gates lie in the order i, f, g, o."""
    gates = driven + torch.baddbmm(b, state[0], w)
    i, f, g, o = gates.chunk(4, dim=-1)
    c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
    return torch.stack([o.sigmoid() * c.tanh(), c])


def train(
    members: Readers, symbols: int, lag: int, lrs: Sequence[float], *, steps: int, clip: float | None
) -> Iterator[int]:
    """Adam on cross-entropy, one learning rate per member; yields the number of updates done, after each.

    ``clip`` is the largest norm of a member's gradient; None does not clip.
    """
    inputs, answers = sequences(symbols, lag)
    adam, rates = FlatAdam(members), torch.tensor(lrs)
    for step in range(1, steps + 1):
        member_losses(members(inputs), answers).sum().backward()
        if clip is not None:
            clip_members(members.parameters(), clip)
        adam.update(rates)
        yield step


def probabilities(members: Readers, symbols: int, lag: int) -> Tensor:
    """(members, symbols, symbols): row i is what is answered where symbol i was shown; 0 where a network diverged."""
    with torch.no_grad():
        return members(sequences(symbols, lag)[0]).softmax(2).nan_to_num(0)


def clip_members(parameters: Iterable[nn.Parameter], limit: float) -> None:
    """Multiply the gradients (members, ...) of each member by min(1, limit / norm of all of them)."""
    gradients = [gradient for parameter in parameters if (gradient := parameter.grad) is not None]
    norms = torch.stack([gradient.flatten(1).square().sum(1) for gradient in gradients]).sum(0).sqrt()
    factors = (limit / norms).clamp(max=1.0)
    for gradient in gradients:
        gradient *= factors.view(-1, *[1] * (gradient.dim() - 1))
