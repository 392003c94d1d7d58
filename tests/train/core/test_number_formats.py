"""Number formats against torch.finfo and numpy."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from experiments.train.core import number_formats
from experiments.train.core.number_formats import BFLOAT16, FLOAT16, FORMATS, NumberFormat


@pytest.mark.parametrize("chosen", FORMATS, ids=lambda chosen: chosen.name)
def test_limits_follow_from_the_number_of_bits(chosen: NumberFormat) -> None:
    assert number_formats.limits_by_bits(chosen) == number_formats.limits_by_torch(chosen)
    assert torch.tensor(chosen.smallest).to(chosen.dtype) > 0
    assert torch.tensor(chosen.smallest / 2, dtype=torch.float64).to(chosen.dtype) == 0


def test_float16_limits_are_those_of_numpy() -> None:
    info = np.finfo(np.float16)
    expected = (float(info.eps), float(info.max), float(info.tiny), float(info.smallest_subnormal))
    assert number_formats.limits_by_bits(FLOAT16) == expected


@pytest.mark.parametrize("chosen", [FLOAT16, BFLOAT16], ids=lambda chosen: chosen.name)
def test_an_update_below_half_a_spacing_is_lost_and_its_master_copy_keeps_it(chosen: NumberFormat) -> None:
    moved = number_formats.repeated_update(chosen, 1.0, 0.45 * chosen.eps, 1000)
    assert moved.in_format == 0
    assert moved.with_master == pytest.approx(1, abs=1e-3)
    assert number_formats.repeated_update(chosen, 1.0, chosen.eps, 3).in_format == 1
