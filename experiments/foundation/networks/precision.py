"""Number formats of a training run: what was asked for, what the device does, and why.

"mixed" keeps parameters in float32 and computes products in 16 bits (torch.autocast); "true" keeps parameters in that
type too. Float16 gradients underflow below 2^-24, so fp16-mixed scales the loss (GradScaler); bfloat16 has float32's
range and needs none. Source: Micikevicius et al.,
Mixed Precision Training, https://arxiv.org/abs/1710.03740, 2018.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import get_args

import torch

from experiments.foundation.networks.choices import PrecisionName
from experiments.lab.errors import InputError

FP16_CPU_MACS = 2e11
"""Forward multiply-adds that fp16 training on a CPU may take. A core without fp16 instructions does about 1e9 a
second in the backward pass (measured on Zen 4, torch 2.13: a linear layer 40 times slower than float32), so this is
some ten minutes."""


@dataclass(frozen=True, kw_only=True)
class Precision:
    """A resolved precision."""

    requested: str
    resolved: str
    """One of 64-true, 32-true, bf16-mixed, fp16-mixed, bf16-true, fp16-true."""
    parameters: torch.dtype
    """Type of the parameters, and of the inputs."""
    compute: torch.dtype | None
    """Type that autocast computes in; None: no autocast."""
    reason: str
    """Why it was resolved so, and what to expect."""

    @property
    def scaled(self) -> bool:
        """Whether the loss has to be scaled."""
        return self.compute == torch.float16

    def autocast(self, device: torch.device) -> AbstractContextManager[object]:
        """Context in which the forward pass and the loss are computed."""
        return torch.autocast(device.type, self.compute) if self.compute is not None else nullcontext()

    def scaler(self, device: torch.device) -> torch.amp.GradScaler:
        """A loss scaler for the device; it passes everything through unless the precision is fp16-mixed."""
        return torch.amp.GradScaler(device.type, enabled=self.scaled)

    @property
    def name(self) -> str:
        """The parameter that means this precision on every device."""
        kind, _, mode = self.resolved.partition("-")
        return kind if mode == "mixed" or kind.isdigit() else self.resolved

    @property
    def sentence(self) -> str:
        """One line for the reader."""
        return f"precision {self.requested} -> {self.resolved}: {self.reason}"


def resolve_precision(requested: str, device: torch.device) -> Precision:
    """The number formats that ``requested`` means on ``device``.

    16 is 16-bit mixed precision in the type that the device does well: bfloat16 on a CPU and from Ampere on, float16
    with loss scaling on older GPUs and on MPS. fp16 and bf16 are that type, mixed, wherever they run; the others are
    what they are called.

    Raises:
        InputError: an unknown name, or float64 on MPS, which has none.
    """
    resolved, reason = _resolve(requested, device)
    if resolved == "64-true" and device.type == "mps":
        raise InputError("precision=64 is not possible on mps, which has no float64; use device=cpu or precision=32")
    types = {"64": torch.float64, "32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    name, _, mode = resolved.partition("-")
    mixed = mode == "mixed"
    return Precision(
        requested=requested,
        resolved=resolved,
        parameters=torch.float32 if mixed else types[name],
        compute=types[name] if mixed else None,
        reason=reason,
    )


def fp16_problem(precision: Precision, device: torch.device, forward_macs: float) -> str | None:
    """Why this fp16 run would not end in reasonable time, or None. ``forward_macs``: of the whole training run."""
    if device.type != "cpu" or "fp16" not in precision.resolved or forward_macs <= FP16_CPU_MACS or _has("avx512_fp16"):
        return None
    return (
        f"precision={precision.requested} on this CPU, which has no float16 instructions, is accepted up to "
        f"{FP16_CPU_MACS:.0e} multiply-adds forward; this run has {forward_macs:.1e}; use precision=16 (bfloat16)"
    )


def _resolve(requested: str, device: torch.device) -> tuple[str, str]:
    match requested:
        case "64" | "32":
            return f"{requested}-true", f"float{requested} parameters and arithmetic"
        case "16":
            return _sixteen(device)
        case "bf16":
            return "bf16-mixed", f"float32 parameters, bfloat16 arithmetic; {_bf16_speed(device)}"
        case "fp16":
            return "fp16-mixed", f"float32 parameters, float16 arithmetic, scaled loss; {_fp16_speed(device)}"
        case "bf16-true":
            return "bf16-true", "bfloat16 parameters: updates below 2^-9 of a weight are lost"
        case "fp16-true":
            return (
                "fp16-true",
                f"float16 parameters, loss not scaled: gradients below 2^-25 become 0; {_fp16_speed(device)}",
            )
        case _:
            known = ", ".join(get_args(PrecisionName))
            raise InputError(f"precision={requested} is unknown; expected one of {known}")


def _sixteen(device: torch.device) -> tuple[str, str]:
    if device.type == "cpu":
        return "bf16-mixed", f"16-bit mixed is bfloat16 on a CPU; {_bf16_speed(device)}"
    if device.type == "cuda" and torch.cuda.get_device_capability(device) >= (8, 0):
        return "bf16-mixed", "16-bit mixed is bfloat16 from compute capability 8.0 on: float32's range, no loss scaling"
    return "fp16-mixed", f"16-bit mixed is float16 with a scaled loss on {device.type}; {_fp16_speed(device)}"


def _bf16_speed(device: torch.device) -> str:
    if device.type != "cpu" or _has("avx512_bf16") or _has("amx_bf16"):
        return "no loss scaling needed"
    return "this CPU has no bfloat16 instructions, so expect float32's accuracy and no speed-up"


def _fp16_speed(device: torch.device) -> str:
    if device.type != "cpu":
        return "fast where the GPU has 16-bit matrix units"
    if _has("avx512_fp16"):
        return "this CPU has float16 instructions, yet torch's convolution backward may not use them"
    return "this CPU has no float16 instructions: tens of times slower than float32; precision=16 uses bfloat16"


def _has(feature: str) -> bool:
    """Whether the CPU has an instruction set, by the name that torch gives it."""
    return bool(torch.cpu.get_capabilities().get(feature, False))
