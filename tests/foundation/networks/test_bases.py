from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest
import torch
from torch import nn

from experiments.adapt.core import text_base
from experiments.foundation.networks.bases import EXPERIMENTS, sources, trained_once


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(platformdirs, "user_cache_dir", lambda *_, **__: str(tmp_path))
    return tmp_path / "bases"


def base(seed: int = 0) -> tuple[nn.Linear, str, bool]:
    """A layer "trained" to its seed, the note, and whether it was trained now."""
    network, trained = nn.Linear(2, 1), []

    def train() -> None:
        nn.init.constant_(network.weight, float(seed))
        trained.append(True)

    note = trained_once(network, train, {"seed": seed})
    return network, note, bool(trained)


def test_the_second_run_finds_the_weights_of_the_first(cache: Path) -> None:
    first, note, trained = base()
    assert trained
    assert note.endswith("and kept for later runs")
    second, note, trained = base()
    assert not trained
    assert note.endswith("trained in an earlier run and kept")
    assert torch.equal(first.weight, second.weight)
    assert torch.equal(first.bias, second.bias)


def test_another_description_is_another_base(cache: Path) -> None:
    base(0)
    network, _, trained = base(1)
    assert trained
    assert network.weight.tolist() == [[1.0, 1.0]]
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("position", [10, -200, -1])
def test_a_damaged_file_is_trained_anew(cache: Path, position: int) -> None:
    base()
    (path,) = cache.iterdir()
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    network, _, trained = base()
    assert trained
    assert network.weight.tolist() == [[0.0, 0.0]]
    assert not base()[2]


def test_a_cache_that_cannot_be_written_is_said_and_no_error(cache: Path) -> None:
    cache.write_text("a file in the way")
    network, note, trained = base(2)
    assert trained
    assert network.weight.tolist() == [[2.0, 2.0]]
    assert "not kept" in note


def test_the_code_that_trains_is_part_of_the_name() -> None:
    """A decoder of adapt's: its class, the training that adapt's core calls, and adapt's core itself."""
    decoder = text_base.untrained(16, 1)
    names = {str(path.relative_to(EXPERIMENTS)) for path in sources(decoder, text_base.trained_base)}
    assert names >= {
        "foundation/architectures/llama.py",
        "foundation/networks/next_token.py",
        "foundation/networks/fit.py",
        "adapt/core/text_base.py",
        "adapt/core/demonstrations.py",
    }
    assert not any(name.startswith(("pretrain/", "foundation/datasets/")) for name in names)
