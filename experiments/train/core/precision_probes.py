"""What number formats do to weights, updates, gradients and costs, one observation at a time.

Random weights and gradients come from torch's global generator.
Source: Micikevicius et al., Mixed Precision Training, https://arxiv.org/abs/1710.03740, 2018.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from experiments.train.core import loss_scaling as scaling
from experiments.train.core import number_formats as formats
from experiments.train.core import precision_arms as arms
from experiments.train.core.perceptron import perceptron
from experiments.train.core.precision_observation import Observation


def formats_observed() -> Iterator[Observation]:
    """Limits of every format by its bits and by torch, and a sum that overflows in fp16."""
    for chosen in formats.FORMATS:
        by_bits = formats.limits_by_bits(chosen)
        yield Observation(
            part="format",
            case="limits",
            number_format=chosen.name,
            eps=by_bits[0],
            largest=by_bits[1],
            smallest=by_bits[3],
            torch_agrees=float(by_bits == formats.limits_by_torch(chosen)),
            square_sum=formats.wide_sum(chosen, 20.0, 4096),
        )


def updates_observed(weights: int, updates: int) -> Iterator[Observation]:
    """Random weights moved by updates below eps / 4 and above eps / 2 of themselves."""
    for chosen in (formats.FLOAT16, formats.BFLOAT16):
        for weight in (1 + 7 * torch.rand(weights)).tolist():
            for case, factor in (("below eps / 4", 0.2), ("above eps / 2", 0.9)):
                moved = formats.repeated_update(chosen, weight, factor * chosen.eps, updates)
                yield Observation(
                    part="update",
                    case=case,
                    number_format=chosen.name,
                    relative_update=factor * chosen.eps,
                    moved=moved.in_format,
                    moved_with_master=moved.with_master,
                )


def gradients_observed(loss_factor: float, scale_exponents: Sequence[int], draws: int) -> Iterator[Observation]:
    """Underflow of tiny numbers, gradients of a small loss over scales 2^k, and steps of the loss scaler."""
    tiny = 2.0 ** (-25 - 5 * torch.rand(draws).double())
    for name, chosen in (("fp16", formats.FLOAT16), ("bf16", formats.BFLOAT16)):
        yield Observation(
            part="underflow", case="below 2^-25", number_format=name, share=formats.share_lost(tiny, chosen)
        )
    network = scaling.tanh_network(16, 32, 3)
    inputs, targets = torch.randn(64, 16), torch.randn(64, 1)
    true = scaling.gradients(network, inputs, targets, loss_factor=loss_factor)
    for exponent, share in scaling.exponent_shares(true, -40, 0).items():
        yield Observation(part="exponent", case="small loss", number_format="fp32", exponent=exponent, share=share)
    for k in scale_exponents:
        for scale, case in ((2.0**k, "power of two"), (1.1 * 2.0**k, "1.1 times a power of two")):
            scaled = scaling.gradients(network, inputs, targets, loss_factor=loss_factor, scale=scale)
            worst = float(((scaled - true).abs() / true.abs().clamp_min(1e-38)).max())
            yield Observation(part="exactness", case=case, number_format="fp32", exponent=k, gradient_error=worst)
        half = scaling.gradients(network, inputs, targets, loss_factor=loss_factor, scale=2.0**k, compute=torch.float16)
        yield Observation(
            part="underflow",
            case="network",
            number_format="fp16",
            exponent=k,
            share=float((half == 0).double().mean()),
            gradient_error=float((half - true).norm() / true.norm()),
        )
    for number, start in enumerate((2.0 ** torch.randint(2, 17, (draws,))).tolist()):
        for case, poison in (("overflow", True), ("finite", False)):
            gradient = torch.randn(5) + 10
            gradient[number % 5] = torch.inf if poison else 1.0
            step = scaling.scaler_step(torch.randn(5), gradient, start)
            yield Observation(
                part="scaler",
                case=case,
                number_format="fp16",
                skipped=float(not step.weights_changed),
                scale_factor=step.scale_factor,
            )


def rescues_observed(loss_factor: float, steps: int, seed: int) -> Iterator[Observation]:
    """One regression trained on a loss made small, the learning rate made as much larger."""
    inputs = torch.randn(64, 16)
    targets = torch.sin(inputs[:, :1])
    for way in ("fp32", "bf16", "fp16", "fp16 scaled"):
        torch.manual_seed(seed)
        loss = scaling.rescued_training(
            scaling.tanh_network(16, 32, 2),
            inputs,
            targets,
            way=way,
            loss_factor=loss_factor,
            lr=0.1,
            steps=steps,
        )
        yield Observation(part="rescue", case="small loss", number_format=way, final_loss=loss)


def costs_observed(device: torch.device, size: int, rounds: int) -> Iterator[Observation]:
    """Milliseconds of operations and kilobytes of a training step in every format."""
    for name, dtype in arms.TYPES.items():
        for operation, milliseconds in arms.operation_milliseconds(dtype, device, size, rounds).items():
            yield Observation(part="operation", case=operation, number_format=name, milliseconds=milliseconds)
        network = perceptron((64, 128, 128, 128, 10))
        compute = None if name == "fp32" else dtype
        activations, held = arms.training_bytes(network, torch.rand(4096, 64), compute)
        for case, count in (("saved activations", activations), ("weights and gradients", held)):
            yield Observation(part="bytes", case=case, number_format=f"{name}-mixed", kilobytes=count / 1024)
