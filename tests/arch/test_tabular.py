"""The arms of arch.tabular beside scikit-learn and torch, the level of its comparison, and a table of the user's."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy import stats
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from torch import nn

from experiments.arch.core.member_perceptrons import Perceptrons, Setting, Training, _train
from experiments.arch.core.tabular import Problem, bends, changed, explained_share, jumps, rotation, standardized
from experiments.arch.tabular import own, tables
from experiments.arch.tabular.models import ARMS, GRIDS, LINES, Budget, folds, nested, scores
from experiments.arch.tabular.setup import Params, prepare
from experiments.lab.experiment import Note
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.paired import effect

BUDGET = Budget(settings=2, steps=20)


@pytest.fixture(scope="module")
def wine() -> Problem:
    return prepare(Params(), 3).problems["wine"]


def test_explained_share_is_sklearns_r2() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.normal(size=(2, 30, 1))
    assert explained_share(predicted, truth, truth) == pytest.approx(r2_score(truth, predicted))


def test_lines_are_sklearns_pipeline(wine: Problem) -> None:
    part = folds(wine, np.arange(178), 5, 0)[0]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    predicted = model.fit(wine.columns[part[0]], wine.labels[part[0]]).predict_proba(wine.columns[part[1]])
    [[found]] = scores(LINES, wine, [{"alpha": 10.0}], [part], BUDGET, 0)
    assert found.explained == pytest.approx(explained_share(predicted, wine.target[part[1]], wine.target[part[0]]))
    assert found.error == np.mean(predicted.argmax(1) != wine.labels[part[1]])


def test_a_member_is_trained_as_torchs_adamw_trains_it() -> None:
    setting, training = Setting(lr=0.01, decay=3.0, width=4), Training(steps=15, batch_size=8)
    rng = torch.Generator().manual_seed(1)
    ours = Perceptrons([setting], 3, 2, rng)
    torchs = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    for weights, copy in zip(ours.weights, torchs.parameters(), strict=True):
        copy.data = weights.detach()[0].T.squeeze(1).clone() if copy.dim() == 2 else weights.detach()[0, 0].clone()
    inputs, labels = torch.randn(30, 3, generator=rng), torch.randint(2, (30,), generator=rng)
    targets = nn.functional.one_hot(labels, 2).float()
    state = rng.get_state()
    _train(ours, [setting], inputs[None], targets[None], [torch.arange(30)], training, rng, classes=True)
    rng.set_state(state)
    matrices, biases = list(torchs.parameters())[::2], list(torchs.parameters())[1::2]
    adamw = torch.optim.AdamW([{"params": matrices, "weight_decay": 3.0}, {"params": biases, "weight_decay": 0.0}])
    for step in range(15):
        batch = (torch.rand(1, 8, generator=rng)[0] * 30).long()
        for group in adamw.param_groups:
            group["lr"] = 0.01 * (1 - step / 15)
        adamw.zero_grad()
        nn.functional.cross_entropy(torchs(inputs[batch]), labels[batch]).backward()
        adamw.step()
    torch.testing.assert_close(ours(inputs[None])[0], torchs(inputs), rtol=1e-4, atol=1e-5)


def test_units_beyond_a_members_width_are_not_used() -> None:
    rng = torch.Generator().manual_seed(0)
    pair = Perceptrons([Setting(0.01, 1.0, 2), Setting(0.01, 1.0, 8)], 3, 1, rng)
    inputs = torch.randn(2, 5, 3, generator=rng)
    before = pair(inputs)
    with torch.no_grad():
        pair.weights[0][:, :, 2:] += 1.0
    after = pair(inputs)
    assert torch.equal(before[0], after[0])
    assert not torch.equal(before[1], after[1])


def test_every_model_has_the_same_budget_and_every_row_is_judged_once(wine: Problem) -> None:
    assert {len(GRIDS[arm]) for arm in ARMS} == {10}
    parts = folds(wine, np.arange(178), 5, 7)
    assert sorted(row for _, judged in parts for row in judged) == list(range(178))
    shares = [wine.target[judged].mean(0) for _, judged in parts]
    assert np.ptp(shares, axis=0).max() < 0.04


@pytest.mark.parametrize("arm", ARMS)
def test_the_inner_folds_choose_the_setting(arm: str, wine: Problem) -> None:
    outer = folds(wine, np.arange(178), 5, 1)[0]
    inner = folds(wine, outer[0], 2, 1)
    grid = GRIDS[arm][::5]
    means = [np.mean([one.explained for one in row]) for row in scores(arm, wine, grid, inner, BUDGET, 1)]
    found = nested(arm, wine, outer, inner, BUDGET, 1)
    assert found.setting == grid[int(np.argmax(means))]
    assert found.validation == max(means)
    assert not set(outer[1]) & {row for part in inner for rows in part for row in rows}


def test_a_rotation_is_orthogonal_and_unscaled_columns_stay(wine: Problem) -> None:
    turn = rotation(6, np.random.default_rng(0))
    np.testing.assert_allclose(turn @ turn.T, np.eye(6), atol=1e-12)
    turned = changed(wine, "rotated", np.random.default_rng(0))
    np.testing.assert_allclose(
        np.linalg.norm(turned.columns, axis=1), np.linalg.norm(standardized(wine.columns), axis=1)
    )
    assert changed(wine, "uninformative", np.random.default_rng(0)).columns.shape == (178, 63)
    assert changed(wine, "unscaled", np.random.default_rng(0)).columns is wine.columns


def test_drawn_tables_hold_what_their_names_say() -> None:
    """Lines explain little of either; a deep tree of single columns explains jumps."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    for draw, tree_at_least in ((jumps, 0.85), (bends, -1.0)):
        problem = draw(4000, np.random.default_rng(5))
        x, y = problem.columns, problem.target[:, 0]
        lines = Ridge().fit(x[:3000], y[:3000]).score(x[3000:], y[3000:])
        trees = HistGradientBoostingRegressor(random_state=0).fit(x[:3000], y[:3000]).score(x[3000:], y[3000:])
        assert lines < 0.6 * trees
        assert trees > tree_at_least


def test_splits_of_one_pool_are_judged_at_their_level() -> None:
    """Two arms that are alike on the population: uncorrected a fifth of the pools is decided, corrected few."""
    rng = np.random.default_rng(2)
    pools, splits, rows = 200, 12, 60
    wrong = dict.fromkeys((0.0, 0.25), 0)
    for _ in range(pools):
        differences = rng.standard_normal(rows)
        means = {seed: float(rng.permutation(differences)[: rows // 5].mean()) for seed in range(splits)}
        for overlap in wrong:
            arms = Pairs(means, dict.fromkeys(means, 0.0), overlap=overlap)
            wrong[overlap] += effect(arms, delta=0.0).at(0.05).verdict != "inconclusive"
    assert wrong[0.25] / pools <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / pools)
    assert wrong[0.0] / pools > 0.15


def test_only_tables_that_are_split_anew_overlap() -> None:
    assert [tables.overlap(name) for name in ("wine", "diabetes", "jumps", "bends")] == [0.25, 0.25, 0.0, 0.0]


def test_a_table_of_the_users_is_measured_in_five_folds(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 3))
    y = x @ [2.0, -1.0, 0.0] + 0.1 * rng.standard_normal(60)
    file = tmp_path / "mine.csv"
    np.savetxt(file, np.column_stack([x, y]), delimiter=",", header="a,b,c,y", comments="")
    events = list(tables.run(prepare(Params(table=file, target="y"), 0)))
    rows = [event for event in events if isinstance(event, tables.ModelRow)]
    calls = [event.text for event in events if isinstance(event, Note)]
    assert [call.split(":")[0] for call in calls] == ["To fit lines", "To fit forest", "To fit boosting"]
    assert "Ridge(alpha=" in calls[0]
    assert {(row.model, row.fold) for row in rows} == {(model, fold) for model in ARMS for fold in range(5)}
    said = own.answer(rows)
    assert said.startswith("Take lines (alpha ")
    assert own.is_own(rows)

    values = [a.explained - b.explained for a, b in zip(*(
        [row for row in rows if row.model == model] for model in ("lines", "forest")), strict=True)]  # fmt: skip
    half = stats.t.ppf(0.975, 4) * np.std(values, ddof=1) * math.sqrt(1 / 5 + 1 / 4)
    found = own.difference(rows, "lines", "forest")
    assert (found.high - found.low) / 2 == pytest.approx(half)
