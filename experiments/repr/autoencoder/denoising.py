"""Noise taken off test images by Wiener's filter, by a denoising autoencoder and by a U-Net; and off Gaussians."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Theorem
from experiments.repr.autoencoder.setup import Floats, Vectors, mean_squared

WIENER, AUTOENCODER, UNET = "Wiener's filter", "autoencoder", "U-Net"
WIDEST = 256


@observation
class DenoisingRow(Row):
    """One way to take noise off the test images."""

    dataset: str
    method: str
    sigma: float
    psnr: float
    """Decibels: peak signal to noise ratio, for answers cut to [0, 1]."""


def run(vectors: Vectors) -> Iterator[Event]:
    for done, sigma in enumerate(vectors.params.sigma):
        yield Progress("noise", done, len(vectors.params.sigma))
        noise = np.random.default_rng([vectors.seed, 7]).standard_normal(vectors.test.shape)
        for method, answers in cleaned(vectors, vectors.test + sigma * noise, sigma):
            error = mean_squared(answers.clip(0, 1), vectors.test)
            yield DenoisingRow(dataset=vectors.name, method=method, sigma=sigma, psnr=-10 * math.log10(error))


def cleaned(vectors: Vectors, noisy: Floats, sigma: float) -> Iterator[tuple[str, Floats]]:
    """Every method's answer (n, d) to noisy images (n, d); none is given the clean ones."""
    from experiments.repr.core.autoencoders import train_autoencoder
    from experiments.repr.core.pca import covariance
    from experiments.repr.core.wiener import wiener_filter

    yield "nothing done", noisy
    center = vectors.pca().mean
    yield WIENER, center + (noisy - center) @ wiener_filter(covariance(vectors.train), sigma)
    widest = min(WIDEST, vectors.train.shape[1])  # no bottleneck: it need not forget, only clean
    network = train_autoencoder(vectors.train, widest, vectors.recipe(vectors.lr()), vectors.seed, sigma)
    yield AUTOENCODER, network.reconstruct(noisy)
    yield UNET, by_unet(vectors, noisy, sigma)


def by_unet(vectors: Vectors, noisy: Floats, sigma: float) -> Floats:
    import torch

    from experiments.foundation.networks.scores.evaluation import network_logits
    from experiments.repr.core.denoising_unet import train_unet

    side = math.isqrt(noisy.shape[1])
    train, test = (torch.from_numpy(images).float().view(-1, 1, side, side) for images in (vectors.train, noisy))
    network = train_unet(train, sigma, vectors.params.steps, vectors.params.unet_lr, vectors.seed)
    return network_logits(network, test).flatten(1).double().numpy()


def over_wiener(rows: Sequence[DenoisingRow]) -> Mapping[str, Pairs]:
    return {
        f"{method}, noise {sigma:g}": Pairs(
            by_seed(rows, "psnr", method=method, sigma=sigma), by_seed(rows, "psnr", method=WIENER, sigma=sigma)
        )
        for method in (AUTOENCODER, UNET)
        for sigma in sorted({row.sigma for row in rows})
    }


def cleanest(rows: Sequence[DenoisingRow]) -> str:
    """What the curve shows."""
    sigma = min(row.sigma for row in rows)
    said = [
        f"{number(mean(rows, 'psnr', method=name, sigma=sigma))} dB by {name}" for name in (WIENER, AUTOENCODER, UNET)
    ]
    return f"Noise of deviation {sigma:g}: {', '.join(said)}"


# Gaussian vectors, for which the best of all denoisers is known


def run_gaussians(vectors: Vectors) -> Iterator[TrialRow]:
    rng = np.random.default_rng(vectors.seed)
    for _ in range(vectors.params.trials):
        yield gaussian_trial(rng, dim=8, n=2000)


def gaussian_trial(rng: np.random.Generator, dim: int, n: int) -> TrialRow:
    """A linear denoiser fitted to n noisy vectors is not below Wiener's exact error; the control sees them twice."""
    from experiments.repr.core.wiener import squared_error, wiener_filter

    root = rng.standard_normal((dim, dim))
    covariance, sigma = root @ root.T / dim, float(rng.uniform(0.2, 2.0))
    clean = rng.multivariate_normal(np.zeros(dim), covariance, n)
    noisy = clean + sigma * rng.standard_normal(clean.shape)
    fitted = np.asarray(np.linalg.lstsq(noisy, clean)[0].T, np.float64)
    best = squared_error(wiener_filter(covariance, sigma), covariance, sigma)
    once = squared_error(fitted, covariance, sigma)
    # the mean of two noisy copies has noise of deviation sigma / sqrt 2
    twice = squared_error(wiener_filter(covariance, sigma / math.sqrt(2)), covariance, sigma / math.sqrt(2))
    return TrialRow(
        statement="least error",
        case="fitted to samples",
        error=max(1 - once / best, 0.0),
        control_error=max(1 - twice / best, 0.0),
        counterexample=f"noise {sigma:.3g}: {once:.6g} below {best:.6g}",
    )


GAUSSIANS = Part(
    name="gaussians",
    row=TrialRow,
    run=run_gaussians,
    claims=(
        Claim(
            "wiener_is_the_best_linear_denoiser",
            statement="No linear denoiser errs less than Wiener's filter.",
            rule=Theorem(
                "a denoiser fitted to samples is not below Wiener's exact error, relative to it",
                control="Wiener's filter of two noisy copies",
                tolerance=1e-12,
            ),
            measure=instances("least error"),
            topic="Denoising",
            predicted="holds",
            source="Wiener 1949",
        ),
    ),
    tables=(TRIALS,),
)
PART = Part(
    name="denoising",
    row=DenoisingRow,
    run=run,
    claims=(
        Claim(
            "networks_clean_better_than_wiener",
            statement="A network that learned to remove noise is half a decibel better than Wiener's filter.",
            rule=Each(Effect("PSNR in dB, network - Wiener's filter", delta=0.5), per="network and noise"),
            measure=over_wiener,
            topic="Denoising autoencoder",
            predicted={
                "autoencoder, noise 0.3": "refuted",
                "autoencoder, noise 0.6": "refuted",
                "U-Net, noise 0.3": "holds",
                "U-Net, noise 0.6": "holds",
            },
            source="pilot",
        ),
    ),
    tables=(Table("Noise taken off test images", by=("sigma", "method"), columns=("psnr",)),),
    curves=(Curve("psnr", "sigma", "psnr", "method", title=cleanest),),
)
