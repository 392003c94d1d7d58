"""A network without its last layer, as a safetensors file to keep and to start from. Nothing is unpickled."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn


def head_of(network: nn.Module) -> tuple[str, nn.Linear]:
    """Name and module of the last linear layer, which knows the classes.

    >>> head_of(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)))[0]
    '2'
    """
    return [(name, part) for name, part in network.named_modules() if isinstance(part, nn.Linear)][-1]


def encoder_weights(network: nn.Module) -> dict[str, Tensor]:
    """All weights and buffers but those of the head."""
    head = f"{head_of(network)[0]}."
    return {name: weights for name, weights in network.state_dict().items() if not name.startswith(head)}


def save_encoder(path: Path, network: nn.Module) -> None:
    """Write the encoder to ``path``. Raises OSError where it cannot be written."""
    save_file({name: weights.cpu().contiguous() for name, weights in encoder_weights(network).items()}, path)


def load_encoder(path: Path, network: nn.Module) -> None:
    """Give ``network`` the encoder in ``path``; its head stays as it is.

    Raises:
        ValueError: the file is missing, of another format, or of another network, in one line.
    """
    expected = encoder_weights(network)
    try:
        found = load_file(path)
    except (OSError, SafetensorError) as error:
        raise ValueError(f"not readable as safetensors ({' '.join(str(error).split())})") from None
    for name in sorted({*expected, *found}):
        wanted, got = (_described(weights.get(name)) for weights in (expected, found))
        if wanted != got:
            raise ValueError(f"{name}: expected {wanted} in this network, got {got}; give an encoder of the same model")
    if bad := [name for name, weights in found.items() if not torch.isfinite(weights).all()]:
        raise ValueError(f"{bad[0]} has weights that are no finite numbers")
    network.load_state_dict({**network.state_dict(), **found})


class Sizes(NamedTuple):
    """Of a Vision Transformer."""

    dim: int
    depth: int
    patch: int


def vision_transformer_sizes(path: Path) -> Sizes | None:
    """Those of the encoder in ``path``; None where it is another network's, or no readable file."""
    try:
        with safe_open(path, "pt") as file:
            names = list(file.keys())
            if "embed.weight" not in names:
                return None
            dim, _, patch, _ = file.get_slice("embed.weight").get_shape()
    except (OSError, SafetensorError):
        return None
    return Sizes(dim, len({name.split(".")[1] for name in names if name.startswith("blocks.")}), patch)


def _described(weights: Tensor | None) -> str:
    if weights is None:
        return "none"
    return f"{str(weights.dtype).removeprefix('torch.')} {' x '.join(map(str, weights.shape)) or 'number'}"
