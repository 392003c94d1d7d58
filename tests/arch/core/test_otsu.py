"""Otsu's threshold against scikit-image."""

from __future__ import annotations

import numpy as np
import pytest

from experiments.arch.core.otsu import otsu_mask, otsu_threshold


def test_otsus_threshold_is_that_of_scikit_image() -> None:
    filters = pytest.importorskip("skimage.filters")
    rng = np.random.default_rng(0)
    for image in (rng.random((20, 20)), np.concatenate([rng.normal(0, 1, 300), rng.normal(4, 1, 60)])):
        assert otsu_threshold(image) == pytest.approx(filters.threshold_otsu(image))
    assert otsu_threshold(np.full(9, 0.5)) == 0.5


def test_otsus_mask_is_the_smaller_side() -> None:
    image = np.array([[0.9, 0.9, 0.9, 0.1]])
    assert otsu_mask(image).tolist() == otsu_mask(1 - image).tolist() == [[False, False, False, True]]
