"""pretrain.transfer at toy size: disjoint images, encoders in files, self-training, and a GPU where there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from experiments.lab.errors import InputError
from experiments.lab.experiment import Note
from experiments.pretrain.rates import FineTunedRow
from experiments.pretrain.transfer import all_labels, labels, laws, self_training
from experiments.pretrain.transfer.setup import OWN, SCRATCH, Images, Params, prepare

SIZES = {"pretrain_steps": 3, "finetune_steps": (2, 2), "budgets": (4, 8), "lrs": (1e-2,), "device": "cpu"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def setup(**changed: object) -> Images:
    return prepare(Params(**{**SIZES, **changed}), 1)  # type: ignore[arg-type]


def test_the_target_is_the_upper_half_and_no_image_is_in_both() -> None:
    images = setup()
    assert images.split.train.labels.unique().tolist() == images.split.test.labels.unique().tolist() == [5, 6, 7, 8, 9]
    (row,) = laws.run(images)
    assert (row.error, row.control_error) == (0, 1)


def test_a_brighter_copy_is_still_the_same_image() -> None:
    images = torch.rand(5, 1, 8, 8)
    assert laws.digests(images) == laws.digests(3 * images + 1)
    assert not laws.digests(images) & laws.digests(torch.rand(5, 1, 8, 8))


def test_an_encoder_is_written_and_started_from(tmp_path: Path) -> None:
    path = tmp_path / "mine.safetensors"
    events = list(labels.run(setup(encoder=str(path))))
    assert isinstance(events[-1], Note)
    assert str(path) in events[-1].text
    own = setup(init=str(path))
    arms = {row.arm for row in labels.run(own) if isinstance(row, FineTunedRow)}
    assert arms == {SCRATCH, OWN}
    assert torch.equal(own.start(OWN)[0].weight, load_file(path)["0.weight"])  # type: ignore[index]


def test_files_that_do_not_fit_are_refused_before_anything_is_trained(tmp_path: Path) -> None:
    path = tmp_path / "foreign.safetensors"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match=rf"^init={path}: not readable as safetensors \(.*\)$"):
        setup(init=str(path))
    with pytest.raises(InputError, match=r"^encoder=.*: its folder does not exist$"):
        setup(encoder=str(tmp_path / "none" / "e.safetensors"))


def test_a_source_of_another_size_is_refused(real_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLNOTES_DATA", str(real_data("omniglot").parent))
    with pytest.raises(InputError, match=r"^sources: omniglot has images of 28 x 28, digits of 8 x 8; give others$"):
        setup(sources=("omniglot",)).source("omniglot")


def test_a_training_is_nearly_done_where_it_first_comes_near_its_end() -> None:
    images = setup(budgets=(4, 40))
    rows = [row for row in all_labels.run(images) if isinstance(row, all_labels.AllRow)]
    assert {(row.budget, row.steps) for row in rows} == {("short", 4), ("long", 40)}
    assert all(row.steps_to_near in (5, 10, row.steps) for row in rows)
    assert set(all_labels.updates_saved(rows)) == {"other classes"}


def test_a_student_learns_its_teachers_guesses() -> None:
    rows = [row for row in self_training.run(setup()) if isinstance(row, FineTunedRow)]
    assert [row.arm for row in rows] == [SCRATCH, self_training.STUDENT]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch has no CUDA device here")
def test_a_gpu_trains_the_same_networks_as_the_cpu() -> None:
    losses = {}
    for device in ("cpu", "cuda"):
        images = setup(device=device)
        assert images.split.train.inputs.device.type == device
        _, found = images.trained("other classes", images.split.train, 1e-2, 8, "shift")
        losses[device] = found["train_loss"]
    assert losses["cuda"] == pytest.approx(losses["cpu"], rel=1e-2)
