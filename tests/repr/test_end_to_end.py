"""What repr.end_to_end compares: the same images, as many trials, and nothing chosen on what is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from experiments.foundation.datasets.images import load_images
from experiments.lab.errors import InputError
from experiments.lab.judge.measured import NotMeasured, Pairs, Undecided
from experiments.repr.end_to_end import pipelines, selection
from experiments.repr.end_to_end.features import FROZEN, JOINT, encoders, pixels
from experiments.repr.end_to_end.pipelines import PipelineRow
from experiments.repr.end_to_end.setup import Images, Params, of_classes, prepare


@pytest.fixture(scope="module")
def images() -> Images:
    return prepare(Params(labels=(2, 3, 30), steps=4, epochs=1), 3)


@pytest.fixture(scope="module")
def rows(images: Images) -> list[PipelineRow]:
    return [row for row in pipelines.run(images) if isinstance(row, PipelineRow)]


def test_the_halves_share_no_class() -> None:
    data = load_images("digits", seed=0)
    low, high = of_classes(data, 0, 5), of_classes(data, 5, 10)
    assert len(low.train_labels) + len(high.train_labels) == len(data.train_labels)
    assert set(high.train_labels) == set(low.train_labels) == set(range(5))
    kept = data.train_images[data.train_labels >= 5]
    assert (high.train_images == kept).all()


def test_as_many_labels_of_every_class(images: Images) -> None:
    assert torch.bincount(images.labelled(3).labels).tolist() == [3] * 5
    assert torch.equal(images.labelled(30).labels[:3], images.labelled(3).labels[:3])


def test_every_arm_has_as_many_trials_and_one_is_chosen(rows: list[PipelineRow], images: Images) -> None:
    names = [*encoders(images), JOINT]
    for name in names:
        for labels in (2, 3, 30):
            trials = [row for row in rows if (row.features, row.labels) == (name, labels)]
            assert len(trials) == 3
            [best] = [row for row in trials if row.chosen]
            assert best.validation_accuracy == max(row.validation_accuracy for row in trials)


def test_separate_features_see_no_label_of_the_five(images: Images) -> None:
    blind = replace(images, train=replace(images.train, labels=images.train.labels.flip(0)))
    given = pixels(images.test.inputs)[:5]
    for first, second in zip(encoders(images).values(), encoders(blind).values(), strict=True):
        assert (first(given) == second(given)).all()


def test_comparisons_need_their_rows_and_a_rate_inside(rows: list[PipelineRow]) -> None:
    assert all(isinstance(found, NotMeasured) for found in pipelines.over_pixels(rows).values())
    peaked = [replace(row, validation_accuracy=0.9 if row.setting in (3e-3, 1e-1) else 0.1) for row in rows]
    assert isinstance(pipelines.frozen_beside_joint(peaked), Pairs)
    edge = [replace(row, validation_accuracy=row.setting) for row in rows]
    assert isinstance(pipelines.frozen_beside_joint(edge), Undecided)
    assert isinstance(pipelines.advantage_by_labels(edge), Undecided)
    best = [replace(row, validation_accuracy=float(row.features == FROZEN)) for row in rows]
    assert pipelines.best_separate(pipelines.tuned(best), 3) == (FROZEN, 3)


def test_channels_are_ranked_by_what_they_know(images: Images) -> None:
    network = images.frozen()
    ranked = selection.by_information(images, network)
    assert sorted(ranked.tolist()) == list(range(network.channels))


def test_unequal_grids_are_refused() -> None:
    with pytest.raises(InputError, match="strengths: expected as many as lrs, 3, got 4"):
        prepare(Params(strengths=(1, 2, 3, 4)), 0)
