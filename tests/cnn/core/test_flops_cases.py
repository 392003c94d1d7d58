"""The counter against torch's, fvcore's and formulas by hand, case by case."""

from __future__ import annotations

import importlib.util

import pytest

from experiments.cnn.core.flops_cases import Case, fused_cases, fvcore_macs, supported_cases, torch_flops


@pytest.mark.parametrize("case", supported_cases(), ids=lambda case: case.name)
def test_flops_are_torchs_on_what_torch_counts(case: Case) -> None:
    assert 2 * case.macs() == torch_flops(case) > 0


@pytest.mark.skipif(importlib.util.find_spec("fvcore") is None, reason="fvcore is not installed")
@pytest.mark.parametrize(
    "case", [case for case in supported_cases() if case.fvcore and not case.backward], ids=lambda case: case.name
)
def test_macs_are_fvcores(case: Case) -> None:
    assert case.macs() == fvcore_macs(case)


@pytest.mark.parametrize("case", fused_cases(), ids=lambda case: case.name)
def test_fused_kernels_cost_what_the_formula_says(case: Case) -> None:
    assert case.macs() == case.by_hand
