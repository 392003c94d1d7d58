"""How many cores there are, with and without a system that says it."""

from __future__ import annotations

import os

import pytest

from experiments.foundation.cores import usable_cores


def test_all_cores_are_taken_where_the_system_does_not_say_which_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable_cores() == len(os.sched_getaffinity(0))
    monkeypatch.delattr(os, "sched_getaffinity")
    assert usable_cores() == os.cpu_count()
