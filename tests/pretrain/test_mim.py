"""pretrain.mim at toy size: its laws and controls, what starts where, and parameters that do not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from experiments.lab.errors import InputError
from experiments.lab.experiment import Rows
from experiments.lab.judge.measured import NotMeasured, Pairs
from experiments.pretrain import mim
from experiments.pretrain.mim import corruptions, halves, labels, laws, probes
from experiments.pretrain.mim.setup import Images, Params, prepare
from experiments.pretrain.transfer import setup as transfer
from experiments.pretrain.transfer.setup import OWN


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Images:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        made = prepare(Params(pretrain_steps=3, finetune_steps=(2, 2), lrs=(1e-2,), masks=(0.9,), trials=2), 1)
        made.pretrained("pixels")
        return made


def test_the_laws_hold_and_their_controls_do_not(images: Images) -> None:
    rows = list(laws.run(images))
    assert len({row.case for row in rows}) == 4
    assert all(row.error < 1e-12 < 1e-4 < row.control_error for row in rows)


def test_labelled_images_are_some_of_the_unlabelled_and_none_of_the_test(images: Images) -> None:
    few = images.labelled(5)
    assert torch.bincount(few.labels).tolist() == [5] * 10
    known = {tuple(image.flatten().tolist()) for image in images.split.train.inputs}
    assert all(tuple(image.flatten().tolist()) in known for image in few.inputs)


def test_arms_differ_in_their_encoder_and_not_in_their_head(images: Images) -> None:
    scratch, pixels = images.start("scratch"), images.start("pixels")
    assert torch.equal(scratch.head.weight, pixels.head.weight)  # type: ignore[union-attr,arg-type]
    assert not torch.equal(scratch.embed.weight, pixels.embed.weight)  # type: ignore[union-attr,arg-type]


def test_fine_tuning_leaves_the_kept_encoders_alone(images: Images) -> None:
    before = images.pretrained("pixels")[0].encoder.embed.weight.clone()
    other = images.of_other_classes().embed.weight.clone()
    images.fine_tuned("pixels", 5, 1e-2)
    list(halves.run(images))
    assert torch.equal(images.pretrained("pixels")[0].encoder.embed.weight, before)
    assert torch.equal(images.of_other_classes().embed.weight, other)


def test_a_longer_training_goes_through_twice_the_updates(images: Images) -> None:
    assert len(images.fine_tuned("pixels", 5, 1e-2, 2)[1].losses) == 2 * len(
        images.fine_tuned("pixels", 5, 1e-2)[1].losses
    )


def test_transfer_starts_from_the_encoder_that_was_written(images: Images, tmp_path: Path) -> None:
    path = tmp_path / "vit.safetensors"
    written = replace(images, params=replace(images.params, encoder=str(path), arms=("scratch",), masks=None))
    assert str(path) in list(labels.run(written))[-1].text  # type: ignore[attr-defined]
    own = transfer.prepare(transfer.Params(init=str(path)), 1)
    assert torch.equal(own.start(OWN).position, images.pretrained("pixels")[0].encoder.position)  # type: ignore[arg-type]


def test_every_arm_has_rows_and_missing_ones_are_said(images: Images) -> None:
    rows = [row for row in labels.run(images) if isinstance(row, labels.FineTunedRow)]
    assert {row.arm for row in rows} == {*images.params.arms, "mask 0.9"}
    assert isinstance(labels.against_other_masks(rows[:1]), NotMeasured)
    spoiled = list(corruptions.run(images))
    assert {row.corruption for row in spoiled} == {"gauss", "shift", "occlude", "rotate"}
    both = corruptions.saved([row for row in spoiled if row.arm in ("scratch", "pixels")])
    assert not isinstance(both, NotMeasured)
    assert isinstance(both["gauss"], Pairs)
    probed = mim.tuned_and_probed(Rows({"labels": rows, "probes": list(probes.run(images))}))
    assert isinstance(probed, Pairs)
    assert set(probed.treatment) == set(probed.baseline) == {0}  # the runner stamps the seed


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        (Params(finetune_steps=(5,)), "finetune_steps: expected 2 numbers, one for each of labels_per_class, got 1"),
        (Params(patch=3), "patch=3: expected a divisor of 8 x 8 pixels"),
    ],
)
def test_parameters_that_do_not_fit_are_refused(params: Params, problem: str) -> None:
    with pytest.raises(InputError) as raised:
        prepare(params, 0)
    assert str(raised.value) == problem


@pytest.mark.skipif(not torch.cuda.is_available(), reason="torch has no CUDA device here")
def test_a_gpu_learns_from_masks_what_the_cpu_learns() -> None:
    losses = []
    for device in ("cpu", "cuda"):
        setup = prepare(Params(device=device, pretrain_steps=5, arms=("pixels",), masks=None), 1)
        assert setup.pretrained("pixels")[0].mask_token.device.type == device
        losses.append(setup.fine_tuned("pixels", 20, 1e-2)[1].losses[-1])
        assert list(probes.run(setup))
        assert list(laws.run(setup))
        assert list(corruptions.run(setup))
    assert losses[1] == pytest.approx(losses[0], rel=0.05)
