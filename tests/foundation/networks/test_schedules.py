"""Schedules at their corners, against torch where torch has the same one."""

from __future__ import annotations

import pytest
import torch

from experiments.foundation.networks.choices import ScheduleName
from experiments.foundation.networks.schedules import lr_factor


@pytest.mark.parametrize("schedule", ["constant", "linear", "cosine", "step"])
def test_warmup_rises_linearly_to_one(schedule: ScheduleName) -> None:
    factors = [lr_factor(schedule, p, warmup=0.2) for p in (0.0, 0.05, 0.1, 0.2)]
    assert factors == pytest.approx([0, 0.25, 0.5, 1])


def test_decays_by_hand() -> None:
    assert [lr_factor("linear", p) for p in (0.0, 0.25, 1.0)] == [1, 0.75, 0]
    assert [lr_factor("step", p) for p in (0.49, 0.5, 0.75)] == [1, 0.1, 0.01]
    assert lr_factor("constant", 0.9) == 1


def test_cosine_equals_torchs() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
    for update in range(10):
        assert lr_factor("cosine", update / 10) == pytest.approx(scheduler.get_last_lr()[0])
        optimizer.step()
        scheduler.step()
