"""The game in closed form, on random pairs of distributions, and the distance that images are measured by."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.arch.gan.setup import Games
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Theorem

if TYPE_CHECKING:
    from experiments.arch.core.adversarial_game import Floats

BEST, VALUE, SATURATION, DISTANCE = "best discriminator", "value of the game", "saturation", "Fréchet distance"


def run(games: Games) -> Iterator[TrialRow]:
    import numpy as np

    rng = np.random.default_rng(games.seed)
    for _ in range(games.params.trials):
        data, made, other = (rng.dirichlet(np.full(12, 2.0)) for _ in range(3))
        yield _trial(BEST, best_error(data, made, made), best_error(data, made, other))
        yield _trial(VALUE, value_error(data, made, 2.0), value_error(data, made, 1.0))
        yield _trial(VALUE, value_error(data, data, 2.0), value_error(data, made, 0.0), case="generator = data")
        logit = float(rng.uniform(-12, 12))
        yield _trial(SATURATION, *saturation_errors(logit))
        yield _trial(DISTANCE, *distance_errors(rng.normal(size=(40, 6)), rng.normal(1, 2, (50, 6))))


def _trial(statement: str, error: float, control: float, case: str = "random") -> TrialRow:
    return TrialRow(statement=statement, case=case, error=float(error), control_error=float(control))


def best_error(data: Floats, made: Floats, played: Floats) -> float:
    """Largest distance between p / (p + q) and the maximum that a search finds, point by point."""
    from scipy.optimize import minimize_scalar

    from experiments.arch.core.adversarial_game import best_discriminator

    searched = [
        minimize_scalar(
            lambda d, p=p, q=q: -(p * math.log(d) + q * math.log1p(-d)),
            bounds=(1e-9, 1 - 1e-9), method="bounded", options={"xatol": 1e-10},
        ).x
        for p, q in zip(data, made, strict=True)
    ]  # fmt: skip
    return float(abs(searched - best_discriminator(data, played)).max())


def value_error(data: Floats, made: Floats, times: float) -> float:
    """Between the game's value at the best discriminator and ``times`` JS - log 4, with scipy's JS."""
    from scipy.spatial.distance import jensenshannon

    from experiments.arch.core.adversarial_game import best_discriminator, game_value

    value = game_value(data, made, best_discriminator(data, made))
    return abs(value - (times * float(jensenshannon(data, made)) ** 2 - math.log(4)))


def saturation_errors(logit: float) -> tuple[float, float]:
    """Relative error of D / (1 - D) as the ratio of the two gradients, and that of D alone."""
    import torch

    from experiments.arch.core.adversarial_game import generator_losses

    point = torch.tensor([logit], dtype=torch.float64, requires_grad=True)
    minimax, other = (torch.autograd.grad(generator_losses(point, of), point)[0].item()
                      for of in ("minimax", "nonsaturating"))  # fmt: skip
    real = 1 / (1 + math.exp(-logit))
    fake = 1 / (1 + math.exp(logit))
    return abs(minimax / other / (real / fake) - 1), abs(minimax / other / real - 1)


def distance_errors(first: Floats, second: Floats) -> tuple[float, float]:
    """Relative error against scipy's root of C1 C2, and that of the distance between the means alone."""
    import numpy as np
    from scipy.linalg import sqrtm

    from experiments.arch.core.adversarial_game import frechet_distance

    one, two = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    gap = float(np.square(first.mean(0) - second.mean(0)).sum())
    theirs = gap + float(np.trace(one + two - 2 * np.real(sqrtm(one @ two))))
    return abs(frechet_distance(first, second) / theirs - 1), abs(gap / theirs - 1)


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "best_discriminator_is_p_over_p_plus_q",
            statement="For a fixed generator the best discriminator is p / (p + q).",
            rule=Theorem(
                "the maximum found by a search, point by point",
                control="the formula for another generator",
                tolerance=1e-6,
            ),
            measure=instances(BEST),
            topic="GAN",
            predicted="holds",
            source="Goodfellow et al. 2014, proposition 1",
        ),
        Claim(
            "value_is_2_js_minus_log_4",
            statement="Against the best discriminator the game's value is 2 JS - log 4, and -log 4 where p = q.",
            rule=Theorem("the game's value", control="JS - log 4, and -log 4 where p differs from q", tolerance=1e-9),
            measure=instances(VALUE),
            topic="GAN",
            predicted="holds",
            source="Goodfellow et al. 2014, theorem 1",
        ),
        Claim(
            "minimax_gradient_is_d_over_1_minus_d_of_the_other",
            statement="The minimax gradient is D / (1 - D) times the non-saturating one: 0 where D is sure.",
            rule=Theorem("the ratio of the two gradients, relatively", control="D alone", tolerance=1e-9),
            measure=instances(SATURATION),
            topic="GAN",
            predicted="holds",
            source="Goodfellow et al. 2014, section 3",
        ),
        Claim(
            "frechet_distance_needs_no_matrix_root",
            statement="The Fréchet distance by eigenvalues of a symmetric matrix is that by the root of C1 C2.",
            rule=Theorem("our distance over that by scipy's sqrtm", control="the means alone", tolerance=1e-8),
            measure=instances(DISTANCE),
            topic="GAN",
            predicted="holds",
            source="C1 C2 and C1^1/2 C2 C1^1/2 are similar matrices",
        ),
    ),
    tables=(TRIALS,),
)
