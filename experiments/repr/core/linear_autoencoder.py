"""Linear autoencoders x -> D E x of centered vectors, trained to the end.

With the covariance C of the vectors, the encoder E (k, d) and the decoder D (d, k), the mean squared distance is

    f(E, D) = tr C - 2 tr(E C D) + tr(D'D E C E')        with a penalty + lambda (|E|^2 + |D|^2)

so that all vectors are in every gradient and no update depends on their number.
Sources: Baldi, Hornik: Neural Networks and Principal Component Analysis, Neural Networks 2, 1989 (every minimum spans
the principal subspace); Kunin, Bloom, Goeva, Seed: Loss Landscapes of Regularized Linear Autoencoders, ICML 2019 (with
the penalty the left singular vectors of D are the principal directions).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LinearAutoencoder:
    """Encoder (k, d) and decoder (d, k)."""

    encoder: Floats
    decoder: Floats

    @property
    def directions(self) -> Floats:
        """Left singular vectors (d, k) of the decoder, the largest first."""
        return np.linalg.svd(self.decoder, full_matrices=False)[0]

    def error(self, covariance: Floats) -> float:
        """Mean squared distance of vectors of this covariance (d, d) from their reconstructions."""
        return error_and_gradients(self.encoder, self.decoder, covariance)[0]


def error_and_gradients(encoder: Floats, decoder: Floats, covariance: Floats) -> tuple[float, Floats, Floats]:
    """f(E, D) and its gradients, shaped like E (k, d) and D (d, k).

    >>> keeps_the_first = np.array([[1.0, 0.0]])
    >>> error_and_gradients(keeps_the_first, keeps_the_first.T, np.diag([4.0, 1.0]))[0]
    1.0
    """
    codes = encoder @ covariance  # E C
    of_codes, gram = codes @ encoder.T, decoder.T @ decoder
    error = float(np.trace(covariance) - 2 * np.sum(codes * decoder.T) + np.sum(gram * of_codes))
    return error, 2 * (gram @ codes - decoder.T @ covariance), 2 * (decoder @ of_codes - codes.T)


def train(covariance: Floats, k: int, penalty: float, steps: int, seed: int) -> Iterator[LinearAutoencoder]:
    """The autoencoder after every update of L-BFGS from small random weights.

    Args:
        covariance: (d, d).
        penalty: lambda, in units of the variance of a vector.
        steps: updates at most; fewer where the gradient is zero before.
    """
    d, scale = len(covariance), float(np.trace(covariance))
    start = np.random.default_rng(seed).normal(0, 0.1 / np.sqrt(d), 2 * k * d)

    def unpack(weights: Floats) -> tuple[Floats, Floats]:
        return weights[: k * d].reshape(k, d), weights[k * d :].reshape(d, k)

    def objective(weights: Floats) -> tuple[float, Floats]:
        error, to_encoder, to_decoder = error_and_gradients(*unpack(weights), covariance)
        gradient = np.concatenate([to_encoder.ravel(), to_decoder.ravel()]) / scale
        return error / scale + penalty * float(weights @ weights), gradient + 2 * penalty * weights

    seen: list[Floats] = []
    scipy.optimize.minimize(
        objective,
        start,
        jac=True,
        method="L-BFGS-B",
        callback=lambda weights: seen.append(weights.copy()),
        options={"maxiter": steps, "maxfun": 20 * steps, "ftol": 0.0, "gtol": 1e-9},
    )
    for weights in seen:
        yield LinearAutoencoder(*unpack(weights))
