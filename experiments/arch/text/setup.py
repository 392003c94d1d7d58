"""What arch.text can be asked, the text, and the networks that its parts share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import TextName
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from experiments.arch.core.counted_text import KneserNey

    Bytes = NDArray[np.uint8]

Arm = Literal["rnn", "gru", "lstm", "transformer"]
NAMES: dict[str, str] = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM", "transformer": "Transformer"}
Context = Annotated[int, Field(ge=2, le=512)]


@parameters
class Params:
    dataset: TextName = "python-docs"
    """Text to train on; auto is Shakespeare where it is there, else the help texts inside Python."""
    text: Path | None = None
    """A text file of yours in its place: which of the models describes it in fewest bits. Paragraphs count once."""
    arms: Annotated[tuple[Arm, ...], Field(min_length=1)] = ("rnn", "gru", "lstm", "transformer")
    """Networks to train."""
    order: Annotated[int, Field(ge=2, le=7)] = 5
    """Bytes of the longest gram that is counted."""
    dim: Annotated[int, Field(ge=8, le=1024, multiple_of=8)] = 16
    """Width of the Transformer; the others get as many parameters."""
    contexts: Annotated[tuple[Context, ...], Field(min_length=2)] = (4, 8, 16)
    """Bytes that a network may see when it is judged; it is trained on windows of the longest."""
    steps: Annotated[int, Field(ge=1, le=1_000_000)] = 8
    """Updates of a network."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 8
    """Windows of an update."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (3e-3, 1e-2)
    """Largest learning rates of Adam that every network tries; they rise over a tenth of the updates, then fall."""
    test_bytes: Annotated[int, Field(ge=1000, le=1_000_000)] = 1500
    """Bytes at the end of the text on which models are judged; half as many before them choose the rates."""
    drawn_bytes: Annotated[int, Field(ge=20, le=10_000)] = 40
    """Bytes that every model writes after each of eight beginnings."""

    @property
    def longest(self) -> int:
        """The longest context."""
        return max(self.contexts)


@dataclass(frozen=True)
class Trained:
    """One network and the rate at which it was trained."""

    arm: Arm
    lr: float
    network: nn.Module
    validation_bits: float


@dataclass(frozen=True, kw_only=True)
class Reading(Setup[Params]):
    """A text in three parts, and the models of it."""

    name: str
    text: Bytes

    @property
    def train(self) -> Bytes:
        return self.text[: -self.params.test_bytes * 3 // 2]

    @property
    def test(self) -> Bytes:
        return self.text[-self.params.test_bytes :]

    @once
    def counts(self, order: int) -> KneserNey:
        from experiments.arch.core.counted_text import KneserNey

        return KneserNey(self.train, order)

    @once
    def counted_bits(self, order: int) -> float:
        """Bits per byte of the test part, each byte after those in front of it."""
        return float(self.counts(order).bits(self.text[-self.params.test_bytes - order + 1 :]).mean())

    def numbers(self, part: Bytes) -> Tensor:
        """Bytes as the token numbers that networks read."""
        import torch

        from experiments.foundation.architectures.llama import SPECIAL

        return torch.from_numpy(part.astype("int64")) + len(SPECIAL)

    @once
    def trained(self, arm: Arm, lr: float) -> Trained:
        from experiments.arch.core.text_networks import bits_per_byte, build
        from experiments.foundation.networks.next_token import train
        from experiments.foundation.networks.timing import reproducible

        asked = self.params
        validation = self.numbers(self.text[-asked.test_bytes * 3 // 2 : -asked.test_bytes])
        with reproducible(self.seed):
            network = build(arm, asked.dim)
            sizes = {"steps": asked.steps, "batch_size": asked.batch_size, "length": asked.longest}
            train(network, self.numbers(self.train), **sizes, lr=lr)
            network.eval()
            return Trained(arm, lr, network, bits_per_byte(network, validation, asked.longest))

    def best(self, arm: Arm) -> Trained:
        """The network at the rate that this seed's validation prefers."""
        return min((self.trained(arm, lr) for lr in self.params.lrs), key=lambda one: one.validation_bits)


def prepare(params: Params, seed: int) -> Reading:
    """Raises InputError if the text cannot be read or is too short."""
    import numpy as np

    from experiments.foundation.datasets.formats.files import paragraphs_once
    from experiments.foundation.datasets.texts import chosen_text, described, load_text

    if params.text is None:
        name = chosen_text(params.dataset)
        whole = load_text(name)
        note, data = described(name, whole), whole.encode()
    else:
        try:
            data = params.text.expanduser().read_bytes()
        except OSError as error:
            raise InputError(f"text={params.text}: cannot be read ({error.strerror}); give a text file") from None
        name, note = params.text.name, f"{params.text.name}, {len(data):,} bytes"
    data, whole_bytes = paragraphs_once(data), len(data)
    if len(data) < whole_bytes:
        note += f"; {1 - len(data) / whole_bytes:.0%} are paragraphs that it has had before, left out"
    if len(data) < 4 * params.test_bytes:
        raise InputError(
            f"{name}: {len(data):,} bytes, expected four times test_bytes = {4 * params.test_bytes:,} at least; "
            "give a longer text or fewer test_bytes"
        )
    return Reading(params=params, seed=seed, name=name, text=np.frombuffer(data, np.uint8), notes=(note,))
