"""PCA, linear autoencoders and Wiener's filter against sklearn, torch's gradients, scipy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import scipy
import torch
from sklearn import decomposition

from experiments.repr.core.autoencoders import Recipe, train_autoencoder
from experiments.repr.core.linear_autoencoder import error_and_gradients, train
from experiments.repr.core.pca import PCA, covariance
from experiments.repr.core.wiener import squared_error, wiener_filter

RNG = np.random.default_rng(3)
VECTORS = RNG.standard_normal((200, 7)) @ RNG.standard_normal((7, 7)) + 5
RECIPE = Recipe(hidden=(16,), steps=400, batch_size=50, lr=1e-2)


@pytest.mark.parametrize("k", [1, 3, 7])
def test_pca_is_sklearns(k: int) -> None:
    ours, theirs = PCA.fit(VECTORS), decomposition.PCA(k).fit(VECTORS)
    assert ours.reconstruct(VECTORS, k) == pytest.approx(theirs.inverse_transform(theirs.transform(VECTORS)))
    assert np.abs(ours.encode(VECTORS, k)) == pytest.approx(np.abs(theirs.transform(VECTORS)))
    left = np.square(VECTORS - ours.reconstruct(VECTORS, k)).sum(axis=1).mean()
    assert ours.left_out(k) == pytest.approx(left, abs=1e-12)


def test_components_for_a_share_are_sklearns() -> None:
    assert PCA.fit(VECTORS).components_for(0.95) == decomposition.PCA(0.95).fit(VECTORS).n_components_
    assert PCA.fit(VECTORS).components_for(1.0) == 7


def test_gradients_of_the_linear_autoencoder_are_torchs() -> None:
    spread = covariance(VECTORS)
    encoder, decoder = (torch.from_numpy(RNG.standard_normal(shape)).requires_grad_() for shape in ((2, 7), (7, 2)))
    centered = torch.from_numpy(VECTORS - VECTORS.mean(axis=0))
    error = (centered - centered @ encoder.T @ decoder.T).square().sum(1).mean()
    error.backward()
    ours = error_and_gradients(encoder.detach().numpy(), decoder.detach().numpy(), spread)
    assert ours[0] == pytest.approx(error.item())
    for gradient, weights in zip(ours[1:], (encoder, decoder), strict=True):
        assert weights.grad is not None
        assert gradient == pytest.approx(weights.grad.numpy())


def test_a_penalty_turns_the_plane_into_directions() -> None:
    spread, plane = covariance(VECTORS), PCA.fit(VECTORS).directions[:2].T
    plain, penalized = (list(train(spread, 2, penalty, 500, 0))[-1] for penalty in (0.0, 1e-3))
    for network in (plain, penalized):
        assert np.degrees(scipy.linalg.subspace_angles(network.decoder, plane)).max() < 0.1
    aligned = [np.abs((network.directions * plane).sum(axis=0)).min() for network in (plain, penalized)]
    assert aligned[0] < 0.99 < 0.9999 < aligned[1]


def test_an_autoencoder_bends_where_pca_cannot() -> None:
    angle = RNG.uniform(0, np.pi, 400)
    arc = 100 * np.column_stack([np.cos(angle), np.sin(angle)]) + 1000  # the unit and the place do not matter
    network = train_autoencoder(arc, 1, RECIPE, 0)
    bent = np.square(network.reconstruct(arc) - arc).sum(axis=1).mean()
    assert network.encode(arc).shape == (400, 1)
    assert bent < PCA.fit(arc).left_out(1) / 4


def test_equal_vectors_are_refused() -> None:
    with pytest.raises(ValueError, match="expected vectors that differ"):
        train_autoencoder(np.ones((5, 3)), 1, RECIPE, 0)


def test_wiener_is_the_posterior_mean_and_least_squares_finds_it() -> None:
    spread, sigma = covariance(VECTORS), 0.7
    ours = wiener_filter(spread, sigma)
    posterior = np.linalg.inv(np.linalg.inv(spread) + np.eye(7) / sigma**2)
    assert squared_error(ours, spread, sigma) == pytest.approx(np.trace(posterior))
    clean = np.random.default_rng(0).multivariate_normal(np.zeros(7), spread, 200_000)
    noisy = clean + sigma * np.random.default_rng(1).standard_normal(clean.shape)
    # the entries of the fitted map have a standard error of about 0.003
    assert pytest.approx(ours, abs=0.03) == np.linalg.lstsq(noisy, clean)[0].T
    assert np.square(clean - noisy @ ours).sum(axis=1).mean() == pytest.approx(np.trace(posterior), rel=0.01)
