"""Checkpoint files: what is refused, and with which words."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import torch

from experiments.foundation.networks.checkpoint import (
    FORMAT,
    _seal,
    find_checkpoint,
    load_checkpoint,
    resume_from,
    save_checkpoint,
    weights_digest,
)
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
    _seal(path)
    with pytest.raises(InputError, match="cannot be read as a checkpoint"):
        load_checkpoint(path, {}, CPU)
    assert not (tmp_path / "ran").exists()


def test_foreign_checkpoint_is_refused(tmp_path: Path) -> None:
    torch.save(torch.nn.Linear(2, 2).state_dict(), tmp_path / "foreign.pt")
    with pytest.raises(InputError, match="it is damaged or of another program"):
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


def test_every_flipped_bit_is_noticed(saved: Path) -> None:
    whole = saved.read_bytes()
    for place in range(0, len(whole), 5):
        saved.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        with pytest.raises(InputError, match="cannot be read as a checkpoint"):
            load_checkpoint(saved, {}, CPU)


def test_a_checkpoint_is_a_file_of_torch(saved: Path) -> None:
    assert torch.load(saved, weights_only=True)["state"]["position"] == (1, 2)


def with_pickle(path: Path, content: bytes, packed: int = zipfile.ZIP_STORED) -> Path:
    """The checkpoint with another pickle, and right checksums."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    with zipfile.ZipFile(path, "w", packed) as new:
        for name, part in parts.items():
            new.writestr(name, content if name.endswith("data.pkl") else part)
    _seal(path)
    return path


@pytest.mark.parametrize(
    "content", [b"", b"\x80\x02\x87.", b"\x80\x02J\x01\x02", b"\x80\x02]" + b"]" * 9999 + b"a" * 9999]
)
def test_a_pickle_that_is_malformed_is_one_line(saved: Path, content: bytes) -> None:
    with pytest.raises(InputError, match="cannot be read as a checkpoint") as caught:
        load_checkpoint(with_pickle(saved, content), {}, CPU)
    assert len(str(caught.value).splitlines()) == 1


def test_a_packed_zip_is_refused_before_it_unfolds(saved: Path) -> None:
    with pytest.raises(InputError, match="cannot be read as a checkpoint"):
        load_checkpoint(with_pickle(saved, bytes(10**6), zipfile.ZIP_DEFLATED), {}, CPU)


@pytest.mark.parametrize(
    "content",
    [
        {"format": FORMAT},
        {"format": FORMAT, "description": [1], "state": {}},
        {"format": FORMAT, "description": {}, "state": 5},
        {"format": torch.zeros(3), "description": {}, "state": {}},
        {"description": {}, "state": {}, "format": "mlnotes training 0"},
        [1],
    ],
)
def test_what_is_put_together_otherwise_is_no_checkpoint(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "x.pt")
    _seal(tmp_path / "x.pt")
    with pytest.raises(InputError, match="holds no checkpoint of this program"):
        load_checkpoint(tmp_path / "x.pt", {}, CPU)


def test_a_state_that_does_not_fit_is_one_line(tmp_path: Path) -> None:
    layer, other = torch.nn.Linear(2, 2), torch.nn.Linear(3, 2)
    for state in (other.state_dict(), {}, {"weight": "x", "bias": None}):
        save_checkpoint(tmp_path / "x.pt", state, {})
        with pytest.raises(InputError, match=r"x\.pt does not fit this training \(") as caught:
            resume_from(tmp_path / "x.pt", {}, CPU, layer.load_state_dict)
        assert len(str(caught.value).splitlines()) == 1
