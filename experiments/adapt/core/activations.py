"""Activations in few bits: the inputs of every linear layer, rounded to a grid that other text has fixed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from torch import Tensor, nn

from experiments.foundation.architectures.llama import Decoder
from experiments.foundation.networks.next_token import log_probabilities

Hook = Callable[[str, Tensor], Tensor | None]
Ranges = Mapping[str, tuple[float, float]]
"""Linear layer -> smallest and largest input."""


@contextmanager
def _watched(decoder: Decoder, hook: Hook) -> Iterator[None]:
    """``hook(name, input)`` before every linear layer; what it returns, if anything, replaces the input."""
    linear = [(name, layer) for name, layer in decoder.named_modules() if isinstance(layer, nn.Linear)]
    handles = [
        layer.register_forward_pre_hook(lambda _, inputs, name=name: hook(name, inputs[0])) for name, layer in linear
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def input_ranges(decoder: Decoder, text: Tensor, length: int) -> Ranges:
    """The range of every linear layer's inputs over ``text``: the calibration."""
    ranges: dict[str, tuple[float, float]] = {}

    def widen(name: str, x: Tensor) -> None:
        low, high = ranges.get(name, (float("inf"), float("-inf")))
        ranges[name] = min(low, float(x.min())), max(high, float(x.max()))

    with _watched(decoder, widen):
        log_probabilities(decoder, text, length)
    return ranges


@contextmanager
def rounded_inputs(decoder: Decoder, ranges: Ranges, bits: int) -> Iterator[None]:
    """Inputs of linear layers on 2^bits levels over their calibrated range, clipped to it."""

    def rounded(name: str, x: Tensor) -> Tensor:
        low, high = ranges[name]
        step = (high - low) / (2**bits - 1)
        return low + step * ((x.clamp(low, high) - low) / step).round()

    with _watched(decoder, rounded):
        yield


def share_outside(decoder: Decoder, ranges: Ranges, text: Tensor, length: int) -> float:
    """The share of the inputs over ``text`` that lie outside of the calibrated range."""
    outside, seen = [], []

    def count(name: str, x: Tensor) -> None:
        low, high = ranges[name]
        outside.append(int(((x < low) | (x > high)).sum()))
        seen.append(x.numel())

    with _watched(decoder, count):
        log_probabilities(decoder, text, length)
    return sum(outside) / sum(seen)
