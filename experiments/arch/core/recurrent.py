"""Recurrent networks: one state, updated with every element of a sequence by the same weights.

Sources: Elman: Finding Structure in Time, 1990; Hochreiter, Schmidhuber: Long Short-Term Memory, 1997, with the forget
gate of Gers, Schmidhuber, Cummins 2000; Cho et al.: Learning Phrase Representations using RNN Encoder-Decoder, 2014.
Gates lie in the order of torch's nn.RNN, nn.LSTM and nn.GRU, each with two biases as there.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class RecurrentCell(nn.Module):
    """One update: inputs (n, channels) and state (n, numbers of the state) to the next state.

    The first ``hidden`` numbers of a state are what the network shows, h.
    """

    GATES = 1
    STATES = 1
    """Vectors of ``hidden`` numbers in the state."""

    def __init__(self, channels: int, hidden: int, *, bias: bool = True) -> None:
        super().__init__()
        self.hidden = hidden
        self.input = nn.Linear(channels, self.GATES * hidden, bias=bias)
        self.state = nn.Linear(hidden, self.GATES * hidden, bias=bias)

    def start(self, n: int) -> Tensor:
        """The state before the first element, zeros."""
        return self.state.weight.new_zeros(n, self.STATES * self.hidden)


class RNNCell(RecurrentCell):
    """h' = tanh(W x + U h)"""

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        return torch.tanh(self.input(x) + self.state(h))


class GRUCell(RecurrentCell):
    """r, z = sigmoid(W x + U h);  c = tanh(W x + r * U h);  h' = (1 - z) c + z h"""

    GATES = 3

    def forward(self, x: Tensor, h: Tensor) -> Tensor:
        reset, update, new = self.input(x).chunk(3, dim=1)
        reset_h, update_h, new_h = self.state(h).chunk(3, dim=1)
        r, z = torch.sigmoid(reset + reset_h), torch.sigmoid(update + update_h)
        return (1 - z) * torch.tanh(new + r * new_h) + z * h


class LSTMCell(RecurrentCell):
    """i, f, o = sigmoid(W x + U h);  g = tanh(W x + U h);  c' = f c + i g;  h' = o tanh(c')"""

    GATES = 4
    STATES = 2

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        h, c = state.chunk(2, dim=1)
        i, f, g, o = (self.input(x) + self.state(h)).chunk(4, dim=1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return torch.cat([torch.sigmoid(o) * torch.tanh(c), c], dim=1)


CELLS: dict[str, type[RecurrentCell]] = {"RNN": RNNCell, "LSTM": LSTMCell, "GRU": GRUCell}


class Recurrent(nn.Module):
    """Sequences (n, length, channels) to what the state shows after every element, (n, length, hidden).

    >>> Recurrent("LSTM", 4, 8)(torch.zeros(2, 5, 4)).shape
    torch.Size([2, 5, 8])
    """

    def __init__(self, cell: str, channels: int, hidden: int, *, bias: bool = True) -> None:
        super().__init__()
        self.cell = CELLS[cell](channels, hidden, bias=bias)

    def forward(self, sequences: Tensor) -> Tensor:
        state, shown = self.cell.start(len(sequences)), []
        for x in sequences.unbind(1):
            state = self.cell(x, state)
            shown.append(state[:, : self.cell.hidden])
        return torch.stack(shown, dim=1)
