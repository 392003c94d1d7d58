"""What adapt.quant can be asked, the network that it trains, and its rounded copies."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import TextName
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from experiments.adapt.core.activations import Ranges
    from experiments.adapt.quant.own import Model
    from experiments.foundation.architectures.llama import Decoder

    Floats = NDArray[np.float32]

FormatName = Literal["q8_0", "q5_1", "q5_0", "q4_1", "q4_0"]
Granularity = Literal["tensor", "channel", "block"]
GRANULARITIES: tuple[Granularity, ...] = ("tensor", "channel", "block")
OWN: Final = "own"


@parameters
class Params:
    model: str = OWN
    """own, a small Llama trained on text; or yours, measured once: the folder of a Llama model (config.json,
    model.safetensors, tokenizer.json) or any FILE.safetensors."""
    format: Annotated[tuple[FormatName, ...], Field(min_length=1)] = ("q8_0", "q5_1", "q5_0", "q4_1", "q4_0")
    """Block formats of llama.cpp."""
    out: Path | None = None
    """GGUF file to write of your model, in the one format that is given."""
    architecture: Literal["auto", "tensors"] = "auto"
    """auto takes a folder for a Llama model that llama.cpp is to run; tensors writes the weights alone."""
    bits: Annotated[tuple[Annotated[int, Field(ge=2, le=8)], ...], Field(min_length=1)] = (8, 5, 4, 2)
    """Bits of the uniform grids; the claims read 2, 4, 5 and 8."""
    dataset: TextName = "python-docs"
    """Text to train on; auto is Shakespeare where it is there, else the help texts inside Python."""
    dim: Annotated[int, Field(ge=32, le=1024, multiple_of=32)] = 32
    """Width of the network."""
    layers: Annotated[int, Field(ge=1, le=24)] = 1
    """Its blocks."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 12
    """Batches of its training."""
    batch_size: Annotated[int, Field(ge=1, le=1024)] = 8
    """Windows of a batch."""
    length: Annotated[int, Field(ge=8, le=512)] = 32
    """Bytes of a window."""
    lr: Annotated[float, Field(gt=0, le=1)] = 3e-3
    """Adam's largest learning rate."""
    test_bytes: Annotated[int, Field(ge=600, le=1_000_000)] = 2000
    """Bytes at the end of the text, never trained on, over which perplexity and agreement are measured."""

    calibration_bytes: Annotated[int, Field(ge=600, le=1_000_000)] = 1000
    """Bytes of the training text whose activations fix their range."""

    @property
    def is_own(self) -> bool:
        """Whether the model is the user's."""
        return self.model != OWN


@dataclass(frozen=True)
class Answers:
    """How a network answers on the test bytes, beside the float32 one."""

    perplexity: float
    perplexity_ratio: float
    """Over that of the float32 network."""
    agreement: float
    """Share of positions at which both give the same byte the most probability."""
    positions: int
    kl_nats: float
    """Mean Kullback-Leibler divergence from the float32 network."""


@dataclass(frozen=True, kw_only=True)
class Networks(Setup[Params]):
    """The network, trained once by the part that asks first, or the user's."""

    text: str = ""
    dataset: str = ""
    yours: Model | None = None

    @once
    def split(self) -> tuple[Tensor, Tensor]:
        """Bytes to train on, and test bytes, as token numbers."""
        from experiments.foundation.architectures.llama import tokens

        numbers = tokens(self.text)
        return numbers[: -self.params.test_bytes], numbers[-self.params.test_bytes :]

    @once
    def decoder(self) -> Decoder:
        """The float32 network."""
        from experiments.foundation.architectures.llama import Architecture, Decoder
        from experiments.foundation.networks.next_token import train
        from experiments.foundation.networks.timing import reproducible

        asked = self.params
        size = Architecture(
            asked.dim, asked.layers, heads=asked.dim // 32, kv_heads=asked.dim // 32, hidden=3 * asked.dim
        )
        with reproducible(self.seed):
            decoder = Decoder(size)
            sizes = {"steps": asked.steps, "batch_size": asked.batch_size, "length": asked.length}
            train(decoder, self.split()[0], **sizes, lr=asked.lr)
            return decoder.eval()

    @once
    def matrices(self) -> dict[str, Floats]:
        """Every matrix of the network by name."""
        return {name: one.detach().numpy() for name, one in self.decoder().named_parameters() if one.dim() == 2}

    def rounded(self, by: Callable[[str, Floats], Floats]) -> Decoder:
        """A copy whose matrices are ``by(name, matrix)``."""
        import torch

        changed = copy.deepcopy(self.decoder())
        new = {name: torch.from_numpy(by(name, matrix).astype("float32")) for name, matrix in self.matrices().items()}
        changed.load_state_dict(changed.state_dict() | new)
        return changed

    @once
    def log_probabilities(self) -> Tensor:
        """Of the float32 network on the test bytes, (windows, length, vocabulary)."""
        return self.read(self.decoder())

    def read(self, decoder: Decoder) -> Tensor:
        from experiments.foundation.networks.next_token import log_probabilities
        from experiments.foundation.networks.timing import one_thread

        with one_thread():
            return log_probabilities(decoder, self.split()[1], self.params.length)

    @once
    def calibration(self) -> Ranges:
        """The range of every linear layer's inputs over bytes of the training text."""
        from experiments.adapt.core.activations import input_ranges

        return input_ranges(self.decoder(), self.split()[0][: self.params.calibration_bytes], self.params.length)

    def answers(self, seen: Tensor) -> Answers:
        """Log-probabilities of another network on the test bytes, compared with the float32 network's."""
        exact = self.log_probabilities()
        windows = self.split()[1][: seen.shape[0] * (seen.shape[1] + 1)].view(seen.shape[0], -1)
        losses = [-float(one.gather(2, windows[:, 1:, None]).double().mean()) for one in (exact, seen)]
        same = seen.argmax(dim=-1) == exact.argmax(dim=-1)
        divergence = (exact.exp() * (exact - seen)).sum(dim=-1)
        perplexities = [math.exp(loss) for loss in losses]
        return Answers(
            perplexity=perplexities[1],
            perplexity_ratio=perplexities[1] / perplexities[0],
            agreement=float(same.double().mean()),
            positions=same.numel(),
            kl_nats=float(divergence.double().mean()),
        )


def prepare(params: Params, seed: int) -> Networks:
    if params.is_own:
        from experiments.adapt.quant.own import check_out, open_model

        if params.out is not None:
            check_out(params.out, params.format)
        return Networks(params=params, seed=seed, yours=open_model(params.model, params.architecture))
    if params.out is not None:
        raise InputError(f"out={params.out} is written of a model of yours: give model=DIR or model=FILE.safetensors")
    from experiments.foundation.datasets.texts import chosen_text, described, load_text

    dataset = chosen_text(params.dataset)
    text = load_text(dataset)
    return Networks(params=params, seed=seed, text=text, dataset=dataset, notes=(described(dataset, text),))
