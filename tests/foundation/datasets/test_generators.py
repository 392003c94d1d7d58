from __future__ import annotations

import numpy as np
import pytest

from experiments.foundation.datasets.generators import NOISE, clustered, gauss, uniform
from experiments.lab.errors import InputError


def test_a_cluster_has_its_intrinsic_dimension_and_little_noise() -> None:
    points = clustered(2000, 20, 5, np.random.default_rng(0), clusters=1).astype(np.float64)
    spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) / np.sqrt(len(points))
    np.testing.assert_allclose(spread[:5], 1.0, atol=0.1)
    np.testing.assert_allclose(spread[5:], NOISE, rtol=0.1)


def test_generated_moments_are_those_of_their_laws() -> None:
    cube = uniform(20_000, 4, np.random.default_rng(0))
    normal = gauss(20_000, 4, np.random.default_rng(1))
    assert cube.min() >= 0 and cube.max() < 1  # noqa: PT018
    assert cube.dtype == normal.dtype == np.float32
    # five standard errors of a variance over 80,000 values: 5 sqrt((m4 - s^4) / N)
    assert abs(cube.var() - 1 / 12) < 5 * np.sqrt((1 / 80 - 1 / 144) / 80_000)
    assert abs(normal.var() - 1) < 5 * np.sqrt(2 / 80_000)


@pytest.mark.parametrize("intrinsic_dim", [0, 6])
def test_a_subspace_fits_into_its_space(intrinsic_dim: int) -> None:
    with pytest.raises(InputError) as raised:
        clustered(10, 5, intrinsic_dim, np.random.default_rng(0))
    assert str(raised.value) == f"clustered: intrinsic_dim is {intrinsic_dim}, expected 1 to dim = 5."
