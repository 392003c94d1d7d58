"""What seq.memory can be asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from experiments.lab.experiment import Setup, parameters

Cell = Literal["rnn", "gru", "lstm", "lstm_forget_bias", "transformer"]


@parameters
class Params:
    cells: tuple[Cell, ...] = ("rnn", "gru", "lstm", "lstm_forget_bias", "transformer")
    """Networks to train; lstm_forget_bias is the LSTM with its forget gate's bias set at the start."""
    lags: Annotated[tuple[Annotated[int, Field(ge=2, le=1000)], ...], Field(min_length=1)] = (3, 6)
    """Blank steps between symbol and answer."""
    symbols: Annotated[int, Field(ge=2, le=64)] = 4
    """Symbols to tell apart; chance is one in so many."""
    hidden: Annotated[int, Field(ge=4, le=1024, multiple_of=4)] = 16
    """Size of the hidden state; a multiple of the transformer's 4 heads."""
    steps: Annotated[int, Field(ge=3, le=1_000_000)] = 21
    """Updates, each on all sequences; networks are read after a third of them too."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (3e-3, 3e-2)
    """Learning rates of Adam that every network tries."""
    starts: Annotated[int, Field(ge=2, le=1000)] = 2
    """First weights of every network; the first of them choose its rate, the others are judged at it."""
    clip: Annotated[float, Field(gt=0)] | None = 1.0
    """Largest norm of the gradient; null does not clip."""
    forget_bias: Annotated[float, Field(ge=-10, le=10)] = 1.0
    """Initial bias of the forget gate of lstm_forget_bias."""
    gradient_lags: tuple[Annotated[int, Field(ge=1, le=200)], ...] = (5, 10, 20, 30, 40)
    """Lags over which the gradient of untrained networks is followed."""


MemorySetup = Setup[Params]
