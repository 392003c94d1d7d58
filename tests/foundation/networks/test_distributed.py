"""Two processes under torchrun train like one, and the first alone reports."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from experiments.foundation.networks.distributed import Group

WORKER = """
import json, os, sys
import torch
torch.set_num_threads(1)
from experiments.lab.experiment import Row
from experiments.train.mnist import Params, run

params = Params(model="mlp", epochs=2, batch_size=50, accumulate=2, repeat_updates=1, clip=1.0, precision="64")
rows = [event for event in run(params, 0) if isinstance(event, Row) and event.arm == "run"]
with open(os.path.join(sys.argv[1], f"rank-{os.environ.get('RANK', 'alone')}.json"), "w") as file:
    json.dump([[row.train_loss, row.test_accuracy, row.test_nll, row.updates] for row in rows], file)
"""


def test_shares_of_all_processes_are_the_batch() -> None:
    batch = torch.arange(10)
    shares = [Group(rank, 3).share(batch) for rank in range(3)]
    assert torch.equal(torch.cat(shares), batch)
    assert [len(share) for share in shares] == [4, 3, 3]


@pytest.mark.slow
def test_two_processes_train_like_one(tmp_path: Path) -> None:
    """In float64, where another order of summation is all that differs."""
    script = tmp_path / "worker.py"
    script.write_text(WORKER, encoding="utf-8")
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for launcher in ([], torchrun):
        subprocess.run(
            [sys.executable, *launcher, str(script), str(tmp_path)], check=True, capture_output=True, cwd=Path.cwd()
        )
    alone, first, second = (json.loads((tmp_path / f"rank-{rank}.json").read_text()) for rank in ("alone", 0, 1))
    assert second == []
    assert len(alone) == 2
    for one, two in zip(alone, first, strict=True):
        assert two == pytest.approx(one, rel=1e-9)
