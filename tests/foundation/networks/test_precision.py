"""Precisions resolve as the table says, and each trains or says why not."""

from __future__ import annotations

from typing import get_args

import pytest
import torch

from experiments.foundation.networks import precision as module
from experiments.foundation.networks.choices import PrecisionName
from experiments.foundation.networks.precision import FP16_CPU_MACS, fp16_problem, resolve_precision
from experiments.lab.errors import InputError

CPU = torch.device("cpu")
FLOAT16, BFLOAT16, FLOAT32, FLOAT64 = torch.float16, torch.bfloat16, torch.float32, torch.float64


@pytest.mark.parametrize(
    ("requested", "resolved", "parameters", "compute", "scaled"),
    [
        ("64", "64-true", FLOAT64, None, False),
        ("32", "32-true", FLOAT32, None, False),
        ("16", "bf16-mixed", FLOAT32, BFLOAT16, False),
        ("bf16", "bf16-mixed", FLOAT32, BFLOAT16, False),
        ("fp16", "fp16-mixed", FLOAT32, FLOAT16, True),
        ("bf16-true", "bf16-true", BFLOAT16, None, False),
        ("fp16-true", "fp16-true", FLOAT16, None, False),
    ],
)
def test_cpu_table(requested: str, resolved: str, parameters: object, compute: object, scaled: bool) -> None:
    result = resolve_precision(requested, CPU)
    assert (result.resolved, result.parameters, result.compute, result.scaled) == (
        resolved,
        parameters,
        compute,
        scaled,
    )
    assert result.sentence.startswith(f"precision {requested} -> {resolved}: ")


@pytest.mark.parametrize(
    ("capability", "resolved"), [((7, 0), "fp16-mixed"), ((7, 5), "fp16-mixed"), ((9, 0), "bf16-mixed")]
)
def test_sixteen_on_cuda_follows_the_generation(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], resolved: str
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert resolve_precision("16", torch.device("cuda")).resolved == resolved


@pytest.mark.parametrize("requested", get_args(PrecisionName))
def test_name_of_a_resolved_precision_resolves_to_it(requested: str) -> None:
    result = resolve_precision(requested, CPU)
    assert resolve_precision(result.name, CPU).resolved == result.resolved


def test_sixteen_on_mps_is_scaled_float16() -> None:
    assert resolve_precision("16", torch.device("mps")).scaled


def test_float64_on_mps_is_refused() -> None:
    with pytest.raises(InputError, match="precision=64 is not possible on mps"):
        resolve_precision("64", torch.device("mps"))


def test_unknown_precision_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match="precision=half is unknown; expected one of 64, 32, 16, bf16, fp16"):
        resolve_precision("half", CPU)


def test_long_fp16_run_is_refused_only_without_fp16_instructions(monkeypatch: pytest.MonkeyPatch) -> None:
    fp16, sixteen = resolve_precision("fp16", CPU), resolve_precision("16", CPU)
    monkeypatch.setattr(module, "_has", lambda feature: False)
    assert fp16_problem(fp16, CPU, FP16_CPU_MACS) is None
    assert "use precision=16 (bfloat16)" in (fp16_problem(fp16, CPU, 2 * FP16_CPU_MACS) or "")
    assert fp16_problem(sixteen, CPU, 2 * FP16_CPU_MACS) is None
    assert fp16_problem(fp16, torch.device("cuda"), 2 * FP16_CPU_MACS) is None
    monkeypatch.setattr(module, "_has", lambda feature: True)
    assert fp16_problem(fp16, CPU, 2 * FP16_CPU_MACS) is None


def test_scaler_belongs_to_the_device_and_is_enabled_for_fp16_only() -> None:
    assert resolve_precision("fp16", CPU).scaler(CPU).is_enabled()
    assert not resolve_precision("16", CPU).scaler(CPU).is_enabled()


def test_autocast_computes_in_the_resolved_type() -> None:
    layer = torch.nn.Linear(4, 4)
    for name, expected in (("32", FLOAT32), ("16", BFLOAT16), ("fp16", FLOAT16)):
        with resolve_precision(name, CPU).autocast(CPU):
            assert layer(torch.ones(1, 4)).dtype == expected


def test_loss_scaling_rescues_gradients_that_underflow() -> None:
    """Gradients of about 1e-9 are below half of float16's smallest number, 2^-25, unless the loss is scaled."""
    norms = {}
    for scale in (1.0, 2.0**16):
        torch.manual_seed(0)
        layers = torch.nn.Sequential(torch.nn.Linear(8, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
        with torch.autocast("cpu", FLOAT16):
            loss = layers(torch.ones(4, 8)).float().mean() * 1e-9
        (loss * scale).backward()
        norms[scale] = layers[0].weight.grad.norm().item()  # type: ignore[union-attr]
    assert norms[1.0] == 0
    assert norms[2.0**16] > 0
