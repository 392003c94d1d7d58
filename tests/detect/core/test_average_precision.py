"""Precision, recall and the area under their curve, against scikit-learn and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from experiments.detect.core.average_precision import (
    average_precision,
    f1_score,
    interpolated_precision,
    precision_recall_curve,
    precision_score,
    recall_score,
)


@pytest.mark.parametrize("seed", range(5))
def test_uninterpolated_average_precision_is_sklearns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scores, correct = rng.random(50), rng.random(50) < 0.3
    correct[0] = True
    expected = average_precision_score(correct, scores)
    found = average_precision(scores, correct, int(correct.sum()), interp="uninterpolated")
    assert found == pytest.approx(expected)


def test_conventions_by_hand() -> None:
    # right, wrong, right of three objects: precision 1, 1/2, 2/3 at recall 1/3, 1/3, 2/3
    found = {
        name: average_precision([3, 2, 1], [True, False, True], 3, interp=name)
        for name in ("coco101", "voc2007", "voc2010", "uninterpolated")
    }
    assert found["voc2010"] == found["uninterpolated"] == pytest.approx(1 / 3 + 2 / 9)
    assert found["voc2007"] == pytest.approx((4 + 3 * 2 / 3) / 11)
    assert found["coco101"] == pytest.approx((34 + 33 * 2 / 3) / 101)


def test_curves_refuse_what_cannot_be_and_no_object_gives_nan() -> None:
    assert np.isnan(average_precision([0.5], [False], 0))
    assert average_precision([], [], 3) == 0
    with pytest.raises(ValueError, match="at most 1 true positives, got 2"):
        precision_recall_curve([1, 2], [True, True], 1)
    with pytest.raises(ValueError, match="without nan"):
        precision_recall_curve([np.nan], [True], 1)
    with pytest.raises(ValueError, match="expected coco101"):
        average_precision([1], [True], 1, interp="voc")  # type: ignore[arg-type]
    assert interpolated_precision([1.0, 0.5], [0.5, 1.0], [0.0, 0.5, 0.6]).tolist() == [1, 1, 0.5]


def test_zero_by_zero_is_the_callers_choice() -> None:
    assert np.isnan(precision_score(0, 0))
    assert recall_score(0, 0, empty=1.0) == 1
    assert f1_score([0, 2], [0, 1], [0, 1], empty=0.0).tolist() == pytest.approx([0, 2 / 3])
