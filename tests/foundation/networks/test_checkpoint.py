"""Checkpoint files: what is refused, and with which words."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from experiments.foundation.networks.checkpoint import find_checkpoint, load_checkpoint, save_checkpoint, weights_digest
from experiments.lab.errors import InputError

CPU = torch.device("cpu")


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "checkpoint.pt"
    save_checkpoint(path, {"weights": torch.arange(3.0), "position": (1, 2)}, {"model": "cnn", "seed": 0})
    return path


def test_state_comes_back_as_it_was(saved: Path) -> None:
    state = load_checkpoint(saved, {"model": "cnn", "seed": 0}, CPU)
    assert torch.equal(state["weights"], torch.arange(3.0))
    assert state["position"] == (1, 2)


def test_another_training_is_one_line_per_difference(saved: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_checkpoint(saved, {"model": "mlp", "seed": 1}, CPU)
    assert caught.value.problems == (
        f"resume={saved} has model=cnn, this run model=mlp; set model=cnn",
        f"resume={saved} has seed=0, this run seed=1; set seed=0",
    )


def test_truncated_file_is_one_clear_line(saved: Path) -> None:
    content = saved.read_bytes()
    for size in (0, 10, len(content) // 2, len(content) - 1):
        saved.write_bytes(content[:size])
        with pytest.raises(InputError, match="cannot be read as a checkpoint") as caught:
            load_checkpoint(saved, {}, CPU)
        assert len(caught.value.problems) == 1
        assert "\n" not in str(caught.value)


def test_pickled_code_is_refused_and_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "ran",)

    path = tmp_path / "evil.pt"
    torch.save({"format": Evil()}, path)
    with pytest.raises(InputError, match="cannot be read as a checkpoint"):
        load_checkpoint(path, {}, CPU)
    assert not (tmp_path / "ran").exists()


def test_foreign_checkpoint_is_refused(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2).state_dict(), tmp_path / "foreign.pt")
    with pytest.raises(InputError, match="holds no checkpoint of this program"):
        load_checkpoint(tmp_path / "foreign.pt", {}, CPU)


def test_record_directory_gives_the_checkpoint_of_the_seed(saved: Path) -> None:
    directory = saved.parent
    assert find_checkpoint(saved, seed=0) == saved
    assert find_checkpoint(directory, seed=3) == saved
    (directory / "seed-3-checkpoint.pt").touch()
    assert find_checkpoint(directory, seed=3) == directory / "seed-3-checkpoint.pt"


def test_missing_checkpoint_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"does not exist; give a checkpoint\.pt or the record directory"):
        find_checkpoint(tmp_path / "nothing", seed=0)
    with pytest.raises(InputError, match=r"is a directory without checkpoint\.pt"):
        find_checkpoint(tmp_path, seed=0)


def test_digest_sees_a_single_bit() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(3, 2).bfloat16()
    before = weights_digest(layer)
    assert before == weights_digest(layer)
    layer.bias.data.view(torch.int16)[0] ^= 1
    assert weights_digest(layer) != before
