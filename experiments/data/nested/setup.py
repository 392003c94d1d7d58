"""What data.nested can be asked, and the sequences and the model that its parts look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.foundation.datasets.formats.files import read_bytes
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    import torch

    from experiments.data.core.nested import Model

LONGEST = 4096
"""Padded attention takes memory by the square of the longest line: n * heads * longest^2 numbers."""
Lengths = Literal["equal", "uniform", "heavy"]
GENERATED: tuple[Lengths, ...] = ("equal", "uniform", "heavy")


@parameters
class Params:
    lengths: Annotated[tuple[Lengths, ...], Field(min_length=1)] = GENERATED
    """Kinds of lengths: all the same, uniform, lognormal with a heavy tail."""
    n: Annotated[int, Field(ge=2, le=4096)] = 16
    """Sequences."""
    mean_length: Annotated[int, Field(ge=2, le=1024)] = 12
    """Mean length of a sequence."""
    dim: Annotated[int, Field(ge=1, le=4096)] = 16
    """Numbers per element of a sequence."""
    heads: Annotated[int, Field(ge=1, le=64)] = 4
    """Heads of attention; they divide dim."""
    layout: Annotated[tuple[Literal["jagged", "strided"], ...], Field(min_length=1)] = ("jagged", "strided")
    """Layouts of the NestedTensor."""
    op: Annotated[tuple[Literal["linear", "sdpa"], ...], Field(min_length=1)] = ("linear", "sdpa")
    """Operations: a linear layer with ReLU, self-attention."""
    repeats: Annotated[int, Field(ge=5, le=99)] = 5
    """Rounds of timing; the median counts."""
    text: str | None = None
    """A text file; the lengths of n of its lines, in bytes, are tried beside the generated ones."""

    def __post_init__(self) -> None:
        if self.dim % self.heads:
            raise ValueError(f"heads: expected a divisor of dim = {self.dim}, got {self.heads}")


@dataclass(frozen=True, kw_only=True)
class Batches(Setup[Params]):
    """One batch of sequences per kind of lengths, and what is done to them."""

    model: Model
    batches: dict[str, list[torch.Tensor]]
    """Kind of lengths, or the name of the user's file -> sequences (length, dim)."""


def prepare(params: Params, seed: int) -> Batches:
    import torch

    from experiments.data.core.nested import Model, draw_lengths, draw_sequences

    rng = torch.Generator().manual_seed(seed)
    lengths: dict[str, list[int]] = {
        kind: draw_lengths(kind, params.n, params.mean_length, rng) for kind in params.lengths
    }
    if params.text is not None:
        path = Path(params.text).expanduser()
        lengths[path.name] = sample_lengths(line_lengths(path), params.n, rng)
    model = Model.draw(params.dim, params.heads, rng)
    batches = {case: draw_sequences(of_case, params.dim, rng) for case, of_case in lengths.items()}
    return Batches(params=params, seed=seed, model=model, batches=batches)


def line_lengths(path: Path) -> list[int]:
    """Bytes of every line that is not empty, in order; gzip is read too.

    Raises:
        InputError: a file that cannot be read, with fewer than two such lines, or with a line over 4096 bytes.
    """
    lengths = [len(line) for line in read_bytes(path).splitlines() if line.strip()]
    if len(lengths) < 2:
        raise InputError(f"{path}: {len(lengths)} lines that are not empty, expected at least 2.")
    if max(lengths) > LONGEST:
        raise InputError(
            f"{path}: a line of {max(lengths)} bytes, expected at most {LONGEST}. Break long lines into sentences."
        )
    return lengths


def sample_lengths(lengths: list[int], n: int, rng: torch.Generator) -> list[int]:
    """n of the lengths without replacement, all of them if there are fewer."""
    import torch

    return [lengths[i] for i in torch.randperm(len(lengths), generator=rng)[:n].tolist()]
