"""train.mnist end to end on digits: rows, claims, resume, and errors a user can act on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments.lab.errors import InputError
from experiments.lab.experiment import Artifact, Event, Heatmap, Note, Progress
from experiments.train import mnist
from experiments.train.mnist import Params, Row, run

SMALL: dict[str, Any] = {"model": "linear", "epochs": 2, "batch_size": 100, "repeat_updates": 2}

FAST: dict[str, Any] = {"optimizer": "sgd", "lr": 0.3, "momentum": 0.85, "label_smoothing": 0.1, "shift": 1}


def events(**changes: Any) -> list[Event]:
    seed = changes.pop("seed", 0)
    return list(run(Params(**{**SMALL, **changes}), seed))


def rows(found: Sequence[Event], arm: str = "run") -> list[Row]:
    return [event for event in found if isinstance(event, Row) and event.arm == arm]


def test_smoke_run_trains_and_reports() -> None:
    found = list(run(Params(), 0))
    last = rows(found)[-1]
    assert last.test_accuracy > 0.9
    assert last.updates == 5 * 45
    assert [note.text for note in found if isinstance(note, Note)][2] == (
        "1,437 training images / batch 32 = 45 iterations an epoch; 5 epochs = 225 updates"
    )
    assert any(isinstance(event, Progress) and "loss" in event.stage for event in found)
    heatmap = next(event for event in found if isinstance(event, Heatmap))
    assert sum(map(sum, heatmap.values)) == last.test_images
    assert sum(heatmap.values[k][k] for k in range(10)) == pytest.approx(last.test_accuracy * last.test_images)


@pytest.mark.parametrize("precision", [64, 32, 16, "bf16", "fp16", "bf16-true", "fp16-true"])
def test_every_precision_trains(precision: object) -> None:
    found = rows(events(precision=precision, epochs=1))
    assert found[0].precision == str(precision)
    assert found[0].train_loss < 3


def test_the_fast_recipe_learns_and_tests_its_moving_average() -> None:
    shared = {"model": "quick", "precision": 16, "epochs": 8, **FAST}
    last, averaged = (rows(events(average=average, **shared))[-1] for average in (None, 0.9))
    assert last.test_accuracy > 0.9
    assert averaged.test_accuracy > 0.9
    assert averaged.weights_digest == last.weights_digest  # of the weights themselves, which take no notice
    assert averaged.test_nll != last.test_nll


def test_resuming_with_another_momentum_names_it(tmp_path: Path) -> None:
    interrupted(tmp_path / "checkpoint.pt", **FAST)
    with pytest.raises(InputError, match=r"has momentum=0.85, this run momentum=0.5; set momentum=0.85"):
        events(resume=str(tmp_path), **{**FAST, "momentum": 0.5})


def test_same_seed_claim_holds_and_would_be_refuted_by_one_bit() -> None:
    found = [event for event in events() if isinstance(event, Row)]
    assert mnist.same_seed_gives_the_same_bits(found).outcome == "holds"
    broken = [replace(row, weights_digest="0") if row.arm == "again" else row for row in found]
    assert mnist.same_seed_gives_the_same_bits(broken).outcome == "refuted"


def test_metric_claim_holds_and_would_be_refuted() -> None:
    found = [event for event in events() if isinstance(event, Row)]
    assert mnist.metrics_equal_sklearns(found).outcome == "holds"
    assert mnist.metrics_equal_sklearns([replace(found[0], sklearn_difference=1e-6)]).outcome == "refuted"


def test_reference_arm_is_float32_and_makes_the_equivalence_decidable() -> None:
    found = [
        replace(event, seed=seed)
        for seed in (0, 1)
        for event in events(seed=seed, precision=16, reference=True)
        if isinstance(event, Row)
    ]
    assert {row.resolved for row in found if row.arm == "float32"} == {"32-true"}
    assert mnist.sixteen_bits_cost_no_accuracy(found).kind == "equivalence"
    alone = [row for row in found if row.arm == "run"]
    assert "reference=true" in mnist.sixteen_bits_cost_no_accuracy(alone).at(0.05).summary
    assert "needs a CUDA device" in mnist.a_gpu_is_as_accurate_as_the_cpu(found).at(0.05).summary


def interrupted(path: Path, **changes: Any) -> list[Row]:
    """Rows of the training itself until its first checkpoint, which is written to ``path``."""
    kept: list[Row] = []
    for event in run(Params(**{**SMALL, **changes}), 0):
        if isinstance(event, Row) and event.arm == "run":
            kept.append(event)
        if isinstance(event, Artifact):
            event.write(path)
            return kept
    raise AssertionError("no checkpoint")


@pytest.mark.parametrize(
    "setting",
    [
        {"model": "linear", "precision": "32"},
        {"model": "cnn", "precision": "16"},
        {"model": "quick", "precision": "16", **FAST},
    ],
)
def test_resumed_run_equals_uninterrupted_run(tmp_path: Path, setting: dict[str, Any]) -> None:
    whole = rows(events(**setting))
    first = interrupted(tmp_path / "checkpoint.pt", **setting)
    rest = rows(events(resume=str(tmp_path), **setting))
    assert [mnist.measured(row) for row in first + rest] == [mnist.measured(row) for row in whole]


def test_resuming_another_network_names_the_parameter(tmp_path: Path) -> None:
    interrupted(tmp_path / "checkpoint.pt")
    with pytest.raises(InputError, match=r"has model=linear, this run model=mlp; set model=linear"):
        events(resume=str(tmp_path), model="mlp")


def test_resuming_a_finished_run_asks_for_more_epochs(tmp_path: Path) -> None:
    interrupted(tmp_path / "checkpoint.pt", epochs=1)
    with pytest.raises(InputError, match="has 1 of 1 epochs behind it; set epochs to more"):
        events(resume=str(tmp_path), epochs=1)


def test_missing_device_is_one_line() -> None:
    with pytest.raises(InputError, match="device=mps is not available to torch"):
        events(device="mps")


def test_early_stopping_holds_images_out() -> None:
    found = rows(events(early_stop=1, epochs=3))
    assert all(row.validation_loss and row.validation_loss > 0 for row in found)
    assert found[0].updates == 13  # ceil((1437 - 144) / 100)
