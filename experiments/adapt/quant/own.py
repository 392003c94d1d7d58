"""A model as GGUF sees it: tensors and metadata in any format; the user's, read from disk, or the one trained here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.adapt.core import gguf_tokenizer, hub_weights, llama_tensors
from experiments.adapt.core.gguf_file import Metadata, Tensor
from experiments.lab.errors import InputError

if TYPE_CHECKING:
    from experiments.foundation.architectures.llama import Decoder


@dataclass(frozen=True)
class Model:
    """A model that can be written in every format."""

    name: str
    tensors: Callable[[str], list[Tensor]]
    """Format -> the file's tensors."""
    metadata: Callable[[str], Metadata]
    """Format -> the file's metadata."""
    runs: bool
    """Whether llama.cpp can run it; else the file holds tensors alone."""


def trained_model(decoder: Decoder) -> Model:
    """The network trained here, with bytes as its tokens."""
    size = decoder.size
    weights = {name: hub_weights.Weight(tuple(one.shape), one.numpy) for name, one in decoder.state_dict().items()}
    return Model(
        name="the trained network",
        tensors=lambda stored: llama_tensors.llama_tensors(weights, size, stored, tied=False),
        metadata=lambda stored: {
            **llama_tensors.metadata(size, stored, "mlnotes"),
            **gguf_tokenizer.byte_tokenizer(),
        },
        runs=True,
    )


def open_model(given: str, architecture: str) -> Model:
    """The user's model; its weights stay on disk until they are needed.

    Raises:
        InputError: it cannot be read or converted.
    """
    path = Path(given)
    try:
        weights = hub_weights.open_weights(path)
        if path.is_dir() and architecture == "auto":
            return _llama(path, weights)
        plain: Metadata = {"general.architecture": "tensors", "general.name": path.stem}
        llama_tensors.plain_tensors(weights, "q8_0")
        return Model(
            path.name, lambda stored: llama_tensors.plain_tensors(weights, stored), lambda _: plain, runs=False
        )
    except ValueError as error:
        advice = "; architecture=tensors writes the weights alone" if path.is_dir() and architecture == "auto" else ""
        raise InputError(f"model={given}: {error}{advice}") from None


def _llama(path: Path, weights: dict[str, hub_weights.Weight]) -> Model:
    config, tokenizer = (hub_weights.read_json(path / name) for name in ("config.json", "tokenizer.json"))
    extra = path / "tokenizer_config.json"
    size = llama_tensors.architecture(config)
    words = gguf_tokenizer.hub_tokenizer(tokenizer, config, hub_weights.read_json(extra) if extra.is_file() else {})
    tied = bool(config.get("tie_word_embeddings")) or llama_tensors.HEAD not in weights
    llama_tensors.llama_tensors(weights, size, "f32", tied=tied)  # what is missing or foreign is refused at once
    name = path.resolve().name
    return Model(
        name=name,
        tensors=lambda stored: llama_tensors.llama_tensors(weights, size, stored, tied=tied),
        metadata=lambda stored: {**llama_tensors.metadata(size, stored, name), **words},
        runs=True,
    )


def check_out(out: Path, formats: Sequence[str]) -> None:
    """Refuse before anything is read what could not be written after it.

    Raises:
        InputError: several formats for one file, a file that exists, no folder to write into.
    """
    if len(formats) > 1:
        raise InputError(f"out={out} is one file: give one format, such as format={formats[-1]}")
    if out.exists():
        raise InputError(f"out={out} exists: name another file, or remove it")
    if not out.absolute().parent.is_dir():
        raise InputError(f"out={out}: there is no folder {out.absolute().parent}")
