"""Sequences of unequal length as one NestedTensor of torch, padded to the longest, and one by one.

Sequences are (length, dim) tensors, lengths differ, dim does not. "jagged" lays their rows end to end with
offsets, "strided" is torch's older layout; both are prototypes in torch and warn so, which is silenced here. A padded
tensor is (n, longest, dim) with zeros after each sequence. The operations are a linear layer with ReLU and
self-attention with several heads, without projections.
Source: PyTorch documentation, torch.nested; Vaswani et al.: Attention Is All You Need, NeurIPS 2017 (attention).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

Lengths = Literal["equal", "uniform", "heavy"]
Layout = Literal["jagged", "strided"]
Operation = Literal["linear", "sdpa"]
LAYOUTS = {"jagged": torch.jagged, "strided": torch.strided}


def draw_lengths(kind: Lengths, n: int, mean: int, rng: torch.Generator) -> list[int]:
    """n lengths of at least 1: all ``mean``, uniform on 1 to 2 mean - 1, or lognormal with sigma 1 and that mean."""
    if kind == "equal":
        return [mean] * n
    if kind == "uniform":
        return torch.randint(1, 2 * mean, (n,), generator=rng).tolist()
    drawn = mean * torch.exp(torch.randn(n, generator=rng, dtype=torch.float64) - 0.5)
    return drawn.round().long().clamp_min(1).tolist()


def draw_sequences(lengths: Sequence[int], dim: int, rng: torch.Generator) -> list[Tensor]:
    """Standard normal sequences (length, dim)."""
    return [torch.randn(length, dim, generator=rng) for length in lengths]


def waste(lengths: Sequence[int]) -> float:
    """Share of a padded tensor that is padding, in [0, 1): 1 - sum of the lengths / (n times the longest).

    Raises:
        ValueError: no sequence, or one without an element.
    """
    if not lengths or min(lengths) < 1:
        raise ValueError(f"expected lengths of at least 1, got {list(lengths)}")
    return 1 - sum(lengths) / (len(lengths) * max(lengths))


def nest(sequences: Sequence[Tensor], layout: Layout) -> Tensor:
    """Sequences (length, dim) as one NestedTensor (n, *, dim)."""
    with _prototype():
        return torch.nested.nested_tensor(list(sequences), layout=LAYOUTS[layout])


def pad(sequences: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Padded (n, longest, dim), and a mask (n, longest) that is true where a sequence has an element."""
    lengths = torch.tensor([len(sequence) for sequence in sequences])
    return pad_sequence(list(sequences), batch_first=True), torch.arange(int(lengths.max())) < lengths[:, None]


def stored_elements(tensor: Tensor) -> int:
    """Numbers that a tensor (n, longest or *, dim) keeps in memory, offsets not counted."""
    values = tensor.values() if tensor.layout is torch.jagged else tensor
    return values.untyped_storage().nbytes() // values.element_size()


@dataclass(frozen=True)
class Model:
    """What is done to sequences: ``linear`` (dim -> dim), or attention with ``heads``, which divides dim."""

    linear: nn.Linear
    heads: int

    @classmethod
    def draw(cls, dim: int, heads: int, rng: torch.Generator) -> Model:
        """A linear layer of normal weights with deviation 1 / sqrt(dim) and normal biases.

        Raises:
            ValueError: heads that do not divide dim.
        """
        if dim % heads:
            raise ValueError(f"expected heads that divide dim = {dim}, got {heads}")
        linear = nn.Linear(dim, dim).requires_grad_(False)
        linear.weight.copy_(torch.randn(dim, dim, generator=rng) / dim**0.5)
        linear.bias.copy_(torch.randn(dim, generator=rng))
        return cls(linear, heads)

    def nested(self, operation: Operation, tensor: Tensor) -> Tensor:
        """The operation on a NestedTensor (n, *, dim): (n, *, dim), or for attention (n, heads, *, dim / heads)."""
        if operation == "linear":
            return self.linear(tensor).relu()
        with _prototype():
            if tensor.layout is torch.jagged:
                heads = tensor.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            else:  # the strided layout has no unflatten, and attention wants it contiguous
                size = (tensor.size(0), -1, self.heads, tensor.size(2) // self.heads)
                heads = tensor.view(size).transpose(1, 2).contiguous()
            return functional.scaled_dot_product_attention(heads, heads, heads)

    def padded(self, operation: Operation, tensor: Tensor, mask: Tensor | None) -> Tensor:
        """The operation on a padded tensor; attention without ``mask`` sees the padding too.

        A linear layer gives (n, longest, dim), attention (n, heads, longest, dim / heads).
        """
        if operation == "linear":
            return self.linear(tensor).relu()
        heads = tensor.unflatten(-1, (self.heads, -1)).transpose(1, 2)
        seen = None if mask is None else mask[:, None, None, :]
        return functional.scaled_dot_product_attention(heads, heads, heads, attn_mask=seen)

    def alone(self, operation: Operation, sequence: Tensor) -> Tensor:
        """The operation on one sequence (length, dim), as plain torch has it: the reference of the others."""
        return self.padded(operation, sequence[None], None)[0]


def nested_error(model: Model, operation: Operation, sequences: Sequence[Tensor], layout: Layout) -> float:
    """Largest difference between the nested result of sequences (length, dim) and that of each alone."""
    results = model.nested(operation, nest(sequences, layout)).unbind()
    pairs = zip(results, sequences, strict=True)
    return max(float((found - model.alone(operation, sequence)).abs().max()) for found, sequence in pairs)


def careless_error(model: Model, operation: Operation, sequences: Sequence[Tensor]) -> float:
    """Largest error for sequences (length, dim) if padding is taken for data; 0 only where nothing is padded.

    Attention then looks at the padding, and the mean over time of a linear layer's outputs counts it.
    """
    worst = 0.0
    for found, sequence in zip(model.padded(operation, pad(sequences)[0], None), sequences, strict=True):
        right = model.alone(operation, sequence)
        off = found.mean(0) - right.mean(0) if operation == "linear" else found[:, : len(sequence)] - right
        worst = max(worst, float(off.abs().max()))
    return worst


@contextmanager
def _prototype() -> Iterator[None]:
    """Without torch's warning that nested tensors are a prototype."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The PyTorch API of nested tensors is in prototype stage")
        yield
