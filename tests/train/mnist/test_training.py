"""train.mnist end to end on digits: rows, figures, claims, and a device that is not there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from experiments.lab.errors import InputError
from experiments.lab.experiment import Heatmap, Progress, Rows, Trace
from experiments.lab.judge.measured import NotMeasured, Trials
from experiments.lab.judge.rules import compare
from experiments.train import mnist
from experiments.train.mnist import epochs, training
from experiments.train.mnist.epochs import EpochRow
from experiments.train.mnist.params import Params
from experiments.train.mnist.setup import prepare
from tests.train.mnist.trainings import FAST, SMALL, events, rows

_, SIXTEEN_BITS, GPU = training.PART.claims
(SAME_BITS,) = epochs.REPEATS.claims
(METRICS,) = mnist.EXPERIMENT.claims


def test_smoke_run_trains_and_reports() -> None:
    images = prepare(Params(), 0)
    assert images.notes[2] == "1,437 training images / batch 32 = 45 iterations an epoch; 5 epochs = 225 updates"
    found = list(training.run(images))
    last = rows(found)[-1]
    assert last.test_accuracy > 0.9
    assert last.updates == 5 * 45
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


def test_same_seed_claim_holds_and_would_be_refuted_by_one_bit() -> None:
    found = [event for event in epochs.run_repeats(prepare(Params(**SMALL), 0)) if isinstance(event, EpochRow)]
    assert [row.arm for row in found] == ["first", "again", "other seed"]
    assert compare(SAME_BITS.rule, SAME_BITS.measure(found)).outcome == "holds"
    broken = [replace(row, weights_digest="0") if row.arm == "again" else row for row in found]
    assert compare(SAME_BITS.rule, SAME_BITS.measure(broken)).outcome == "refuted"


def test_metric_claim_holds_and_would_be_refuted() -> None:
    found = rows(events())
    assert compare(METRICS.rule, METRICS.measure(Rows({"training": found}))).outcome == "holds"
    broken = Rows({"training": [replace(found[0], sklearn_difference=1e-6)]})
    assert compare(METRICS.rule, METRICS.measure(broken)).outcome == "refuted"


def test_reference_arm_is_float32_and_makes_the_equivalence_decidable() -> None:
    found = [
        replace(event, seed=seed)
        for seed in (0, 1)
        for event in events(seed, precision=16, reference=True)
        if isinstance(event, EpochRow)
    ]
    assert {row.resolved for row in found if row.arm == "float32"} == {"32-true"}
    assert compare(SIXTEEN_BITS.rule, SIXTEEN_BITS.measure(found)).kind == "equivalence"
    assert compare(SIXTEEN_BITS.rule, SIXTEEN_BITS.measure(found)).outcome != "not judged"
    alone = SIXTEEN_BITS.measure([row for row in found if row.arm == "run"])
    assert "reference=true" in compare(SIXTEEN_BITS.rule, alone).at(0.05).summary
    assert "needs a CUDA device" in compare(GPU.rule, GPU.measure(found)).at(0.05).summary


def test_missing_device_is_one_line() -> None:
    with pytest.raises(InputError, match="device=mps is not available to torch"):
        events(device="mps")


def test_early_stopping_holds_images_out() -> None:
    found = events(early_stop=1, epochs=3)
    assert rows(found)[0].updates == 13  # ceil((1437 - 144) / 100)
    (validation,) = (event for event in found if isinstance(event, Trace) and event.name == "validation")
    ((_, epochs, losses),) = validation.lines
    assert epochs == (1, 2, 3)[: len(epochs)]
    assert all(loss > 0 for loss in losses)


def test_the_reference_band_is_that_of_the_data_set() -> None:
    (row, *_), claim = rows(events()), training.PART.claims[0]
    trained = replace(row, model="cnn", dataset="mnist", test_images=10_000, test_accuracy=0.9901)
    on_mnist = [replace(trained, seed=seed) for seed in (0, 1)]
    assert training.correct_images(on_mnist) == {"MNIST": Trials({0: (9901, 10_000), 1: (9901, 10_000)})}
    assert compare(claim.rule, claim.measure(on_mnist)).outcome == "holds"
    assert isinstance(training.correct_images([replace(row, dataset="fashion")]), NotMeasured)
