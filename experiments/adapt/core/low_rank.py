"""Low-rank adapters: frozen linear layers y = W x + b with a trained update, y + s B (A x), and that update merged.

A is (r, in) and B (out, r), so an adapter has r (in + out) parameters; s is alpha / r, or alpha / sqrt(r) with
``rank_scaled``. B starts at 0, hence a new adapter changes nothing. Merging writes W + s B A into W.

Source: Hu et al.: LoRA: Low-Rank Adaptation of Large Language Models, 2021; Kalajdzievski: A Rank Stabilization Scaling
Factor for Fine-Tuning with LoRA, 2023 (alpha / sqrt(r)).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn


class LowRank(nn.Module):
    """A linear layer, frozen, with an adapter.

    >>> layer = LowRank(nn.Linear(64, 32), rank=4, alpha=8)
    >>> sum(part.numel() for part in layer.parameters() if part.requires_grad)      # 4 (64 + 32)
    384
    """

    def __init__(self, layer: nn.Linear, *, rank: int, alpha: float, rank_scaled: bool = False) -> None:
        super().__init__()
        self.layer = layer.requires_grad_(False)
        self.scale = alpha / (math.sqrt(rank) if rank_scaled else rank)
        self.A = nn.Parameter(layer.weight.new_empty(rank, layer.in_features))
        self.B = nn.Parameter(layer.weight.new_zeros(layer.out_features, rank))
        nn.init.kaiming_uniform_(self.A, a=math.sqrt(5))  # as torch initializes a linear layer
        self.merged = False

    def forward(self, x: Tensor) -> Tensor:
        y = self.layer(x)
        return y if self.merged else y + x @ self.A.T @ self.B.T * self.scale

    @torch.no_grad()
    def update(self) -> Tensor:
        """s B A, of the shape of W."""
        return (self.B @ self.A) * self.scale

    def merge(self) -> None:
        """Add the update to W; the adapter is then passed by.

        Raises:
            ValueError: it has been merged, and a second time would add it twice.
        """
        self._move(merged=True)

    def unmerge(self) -> None:
        """Subtract the update from W, up to rounding.

        Raises:
            ValueError: it is not merged.
        """
        self._move(merged=False)

    def _move(self, *, merged: bool) -> None:
        if merged == self.merged:
            raise ValueError("the adapter is merged already" if merged else "the adapter is not merged")
        self.layer.weight.data += self.update() if merged else -self.update()
        self.merged = merged


def add_adapters(
    network: nn.Module, *, rank: int, alpha: float, rank_scaled: bool = False, skip: Iterable[str] = ()
) -> dict[str, LowRank]:
    """Freeze ``network`` in place and give every linear layer an adapter, by name; those in ``skip`` get none.

    >>> list(add_adapters(nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2)), rank=1, alpha=2))
    ['0', '2']
    """
    network.requires_grad_(False)
    skipped = {*skip}
    layers = {
        name: layer for name, layer in network.named_modules() if isinstance(layer, nn.Linear) and name not in skipped
    }
    adapters = {name: LowRank(layer, rank=rank, alpha=alpha, rank_scaled=rank_scaled) for name, layer in layers.items()}
    for name, adapter in adapters.items():
        network.set_submodule(name, adapter)
    return adapters


def trained_parameters(network: nn.Module) -> int:
    """Numbers that a training changes; Adam keeps two more for each."""
    return sum(part.numel() for part in network.parameters() if part.requires_grad)


def merged_state(network: nn.Module, adapters: Mapping[str, LowRank]) -> dict[str, Tensor]:
    """The state of ``network`` as it was before it had adapters, with their updates in its weights."""
    state = dict(network.state_dict())
    for name, adapter in adapters.items():
        del state[f"{name}.A"], state[f"{name}.B"]
        weight = state.pop(f"{name}.layer.weight")
        state[f"{name}.weight"] = weight if adapter.merged else weight + adapter.update()
        if adapter.layer.bias is not None:
            state[f"{name}.bias"] = state.pop(f"{name}.layer.bias")
    return state


def write_adapter(
    folder: Path, adapters: Mapping[str, LowRank], *, rank: int, alpha: float, rank_scaled: bool, base: str, task: str
) -> None:
    """Write ``adapter_config.json`` and ``adapter_model.safetensors``, which ``peft.PeftModel.from_pretrained`` loads.

    Args:
        folder: made where it is not there.
        base: folder of the model that the adapters belong to, or its name on the hub.
        task: peft's word for what the model does, such as CAUSAL_LM.
    """
    weights = {
        f"base_model.model.{name}.lora_{part}.weight": matrix.detach().contiguous()
        for name, adapter in adapters.items()
        for part, matrix in (("A", adapter.A), ("B", adapter.B))
    }
    config = {
        "peft_type": "LORA",
        "task_type": task,
        "base_model_name_or_path": base,
        "r": rank,
        "lora_alpha": alpha,
        "use_rslora": rank_scaled,
        "target_modules": sorted(adapters),
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
    }
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2), encoding="utf-8")
