"""What repr.autoencoder's parts compare, and what becomes of vectors of the user's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestNeighbors

from experiments.lab.errors import InputError
from experiments.lab.experiment import Progress
from experiments.lab.judge.measured import Pairs, Undecided
from experiments.repr.autoencoder import anomalies, errors, linear, outliers
from experiments.repr.autoencoder.denoising import gaussian_trial
from experiments.repr.autoencoder.setup import Params, Vectors, prepare

PARAMS = Params(steps=30)


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return prepare(PARAMS, 3)


def test_distance_to_the_fifth_neighbor_is_sklearns(vectors: Vectors) -> None:
    found = anomalies.neighbor_distance(vectors.train, vectors.test, 5)
    expected = NearestNeighbors(n_neighbors=5).fit(vectors.train).kneighbors(vectors.test)[0][:, -1]
    assert found == pytest.approx(expected**2, rel=1e-4)


def test_labels_decide_only_what_is_left_out_and_who_is_right(vectors: Vectors) -> None:
    other = replace(vectors, test_labels=vectors.test_labels[::-1].copy())
    normal = vectors.train[vectors.train_labels != 1]
    for (name, scores), (same, again) in zip(
        anomalies.anomaly_scores(vectors, normal), anomalies.anomaly_scores(other, normal), strict=True
    ):
        assert name == same
        assert np.array_equal(scores, again)
    row = next(row for row in anomalies.run(vectors) if not isinstance(row, Progress))
    assert isinstance(row, anomalies.AnomalyRow)
    scores = dict(anomalies.anomaly_scores(vectors, normal))[row.method]
    assert row.auroc == roc_auc_score(vectors.test_labels == row.heldout, scores)


def test_rates_are_tried_where_one_is_chosen(vectors: Vectors) -> None:
    rows = [row for row in errors.run(vectors) if isinstance(row, errors.ErrorRow)]
    assert [(row.k, row.lr) for row in rows] == [(2, vectors.lr()), *((8, lr) for lr in PARAMS.lrs)]
    best = min((row for row in rows if row.k == 8), key=lambda row: row.validation_error)
    assert best.lr == vectors.lr()
    moved = [replace(row, validation_error=row.lr) for row in rows]
    assert errors.edge(moved) == Undecided("the best learning rate of 8, 0.001, is the smallest of its grid")
    inside = [replace(row, validation_error=abs(row.lr - 3e-3)) for row in rows]
    assert errors.edge(inside) is None
    assert isinstance(errors.saved(inside)["k = 8"], Pairs)


def test_linear_autoencoders_never_beat_pca_and_more_numbers_do(vectors: Vectors) -> None:
    rows = [row for row in linear.run(vectors) if isinstance(row, linear.LinearRow)]
    tried = linear.below_pca(rows)
    assert max(tried.errors) <= 1e-9 < min(tried.controls["the control"])


def test_two_looks_beat_wiener_and_one_does_not() -> None:
    rng = np.random.default_rng(0)
    trials = [gaussian_trial(rng, dim=4, n=500) for _ in range(20)]
    assert all(trial.error == 0 < trial.control_error for trial in trials)


def test_vectors_of_the_users_are_used_whole(tmp_path: Path) -> None:
    given = np.random.default_rng(0).standard_normal((60, 5))
    given[17] += 50
    np.save(tmp_path / "mine.npy", given)
    own = prepare(Params(data=tmp_path / "mine.npy", k=(2, 8), steps=5), 0)
    assert own.sizes == (2,)
    everything = np.concatenate([own.test, own.validation, own.train])
    assert everything == pytest.approx(given[own.own_rows], rel=1e-6)
    assert next(outliers.run(own)).row == 17


@pytest.mark.parametrize(
    ("rows", "k", "message"),
    [
        (np.zeros((5, 3)), 2, "expected at least 30 vectors, got 5; give more"),
        (np.zeros((40, 3)), 2, "expected vectors that differ, got 40 equal ones"),
        (np.eye(40)[:, :3], 3, "k=3: expected less than 3, the numbers in a vector of mine.npy"),
        (np.full((40, 3), np.nan), 2, "40 of 40 vectors hold NaN or infinite values"),
    ],
)
def test_vectors_that_cannot_be_used_are_refused(tmp_path: Path, rows: np.ndarray, k: int, message: str) -> None:
    np.save(tmp_path / "mine.npy", rows)
    with pytest.raises(InputError, match=message):
        prepare(Params(data=tmp_path / "mine.npy", k=(k,)), 0)
