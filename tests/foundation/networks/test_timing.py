"""Seeds and threads are put back, and calls are timed in turns."""

from __future__ import annotations

import pytest
import torch

from experiments.foundation.networks.timing import on_threads, one_thread, reproducible, time_in_turns


def test_randomness_and_threads_are_restored() -> None:
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    with reproducible(5):
        first = torch.rand(3)
        assert torch.get_num_threads() == 1
    with reproducible(5):
        assert torch.equal(torch.rand(3), first)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_threads_are_put_back_after_an_error() -> None:
    with on_threads(2):
        with pytest.raises(RuntimeError, match="shapes"), one_thread():
            torch.zeros(2, 3) @ torch.zeros(2, 3)
        assert torch.get_num_threads() == 2


def test_every_call_has_its_turn_in_every_round_and_warm_up_is_not_counted() -> None:
    log: list[str] = []
    clock = iter(range(100))
    seconds = time_in_turns(
        {"a": lambda: log.append("a"), "b": lambda: log.append("b")},
        2,
        warmup=1,
        clock=lambda: float(next(clock)),
        before=lambda: log.append("-"),
    )
    assert "".join(log) == "-a-b" * 3
    assert seconds == {"a": [1.0, 1.0], "b": [1.0, 1.0]}
