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
from experiments.lab import catalog
from experiments.lab.plan import Plan, Settings
from experiments.lab.runner import execute
from experiments.train.mnist.params import Params

params = Params(model="mlp", epochs=2, batch_size=50, accumulate=2, repeat_updates=1, clip=1.0, precision="64")
name = "train.mnist"
outcome = execute(Plan(study=name, name=name, experiment=catalog.load(name), params=params, settings=Settings()))
rows = [] if outcome is None else outcome.rows.by_part["training"]
told = [[row.train_loss, row.test_accuracy, row.test_nll, row.updates] for row in rows]
with open(os.path.join(sys.argv[1], f"rank-{os.environ.get('RANK', 'alone')}.json"), "w") as file:
    json.dump({"rows": told, "notes": [] if outcome is None else outcome.notes}, file)
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
    assert second == {"rows": [], "notes": []}
    assert len(alone["rows"]) == 2
    assert "each shared by 2 processes" in " ".join(first["notes"])
    for one, two in zip(alone["rows"], first["rows"], strict=True):
        assert two == pytest.approx(one, rel=1e-9)
