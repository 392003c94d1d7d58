"""What seq.memory can be asked, and what its laws draw from one generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from experiments.seq.core.parallel import ParallelCheck

Cell = Literal["rnn", "gru", "lstm", "lstm_forget_bias", "transformer"]
RADII = (0.9, 1.1)
LENGTH = 8
"""Positions that attention reads or makes."""


@parameters
class Params:
    cells: tuple[Cell, ...] = ("rnn", "gru", "lstm", "lstm_forget_bias", "transformer")
    """Networks to train; lstm_forget_bias is the LSTM with its forget gate's bias set at the start."""
    lags: tuple[Annotated[int, Field(ge=2, le=1000)], ...] = (3, 6)
    """Blank steps between symbol and answer."""
    symbols: Annotated[int, Field(ge=2, le=64)] = 4
    """Symbols to tell apart; chance is one in so many."""
    hidden: Annotated[int, Field(ge=4, le=1024, multiple_of=4)] = 16
    """Size of the hidden state; a multiple of the transformer's 4 heads."""
    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Training steps."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    """Sequences per step."""
    lr: Annotated[float, Field(gt=0, le=1)] = 5e-3
    """Learning rate of Adam."""
    clip: Annotated[float, Field(gt=0)] | None = 1.0
    """Largest norm of the gradient; null does not clip."""
    forget_bias: Annotated[float, Field(ge=-10, le=10)] = 1.0
    """Initial bias of the forget gate of lstm_forget_bias."""
    gradient_lags: tuple[Annotated[int, Field(ge=1, le=200)], ...] = (5, 10, 20, 30, 40)
    """Lags over which the gradient of untrained networks is followed."""


class Reaches(Setup[Params]):
    @once
    def drawn(self) -> tuple[dict[tuple[float, int], tuple[float, float]], list[tuple[ParallelCheck, int]]]:
        """(radius, lag) -> how far a linear and a tanh recurrence reach; and what attention does, with its passes."""
        import torch

        from experiments.foundation.networks.timing import one_thread
        from experiments.seq.core import parallel
        from experiments.seq.core.memory import linear_reach

        hidden, generator = self.params.hidden, torch.Generator().manual_seed(self.seed)
        with one_thread(), torch.random.fork_rng():
            reaches = {}
            for radius in RADII:
                for lag in self.params.gradient_lags:
                    linear = linear_reach(radius, lag, hidden, generator)
                    bent = linear_reach(radius, lag, hidden, generator, saturating=True)
                    reaches[radius, lag] = linear, bent
            torch.manual_seed(self.seed)
            reading = parallel.all_at_once(LENGTH, hidden, generator)
            permuting = parallel.permuted(LENGTH, hidden, generator)
            generating = parallel.generated(LENGTH, hidden, generator)
        return reaches, [(reading, 1), (permuting, 1), generating]


def prepare(params: Params, seed: int) -> Reaches:
    return Reaches(params=params, seed=seed)
