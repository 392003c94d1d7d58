"""train.sparsity: what is refused, and what its measures make of rows."""

from __future__ import annotations

import pytest

from experiments.lab.errors import InputError
from experiments.lab.experiment import Rows
from experiments.lab.judge.measured import Instances, Trials
from experiments.train.sparsity import ridge, supports, zeros
from experiments.train.sparsity.setup import Params, prepare


def test_more_non_zeros_than_features_are_one_line() -> None:
    with pytest.raises(InputError, match="expected k < d and subset_k < subset_d, got 90 of 80 and 3 of 8"):
        prepare(Params(k=90), 0)


def test_zeros_of_l1_are_the_control_of_l2() -> None:
    rows = list(zeros.run_penalties(prepare(Params(lam=0.3, path_lams=3), 0)))
    assert sorted({row.lam for row in rows}) == pytest.approx([0.01, 0.1, 0.3, 1.0])
    found = zeros.zeros_by_penalty(rows)
    assert found.errors == [0.0] * 4
    assert max(max(errors) for errors in found.controls.values()) > 0.5


def test_supports_count_where_exhaustive_search_finds_the_truth() -> None:
    found = [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0)]
    rows = [supports.SupportRow(design="iid", irrepresentability=0.5, l0_found=l0, l1_found=l1) for l0, l1 in found]
    measured = supports.l1_beside_l0(
        Rows({"envelope": list(supports.envelope(prepare(Params(), 0))), "supports": rows})
    )
    assert measured[supports.CONDITIONS["iid"]] == Trials({0: (1, 2)})


def test_a_penalty_has_to_make_up_for_the_least_curvature() -> None:
    rates = [ridge.RateRow(lam=0.1, measured_rate=0.9, theoretical_rate=0.8)]
    curvatures = [ridge.CurvatureRow(point=0, smallest_curvature=low) for low in (-0.05, -0.3)]
    found = ridge.stability(Rows({"rates": rates, "curvatures": curvatures}))
    assert found["the rate of theory on least squares, lam 0.1"].treatment == {0: pytest.approx(0.5)}
    assert found["a strongly convex network, lam 0.1"] == Instances([0.0, pytest.approx(0.2)], control=[0.05, 0.3])
