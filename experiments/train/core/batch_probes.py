"""What batches do, one observation at a time: curvature, gradient noise and memory, saddles, wells.

Random weights and inputs come from torch's global generator.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from experiments.train.core import gradient_noise, landscapes
from experiments.train.core.batch_observation import NAN, Observation
from experiments.train.core.curvature import TinyNetwork, extreme_curvatures


def curvatures_observed(points: int) -> Iterator[Observation]:
    """Least curvature at ``points`` random weights of a network and of softmax regression, and permuted units."""
    inputs, labels = torch.randn(50, 4, dtype=torch.float64), torch.randint(3, (50,))
    for case, hidden in (("network with a hidden layer", 6), ("softmax regression", 0)):
        network = TinyNetwork(features=4, hidden=hidden, classes=3)
        for _ in range(points):
            theta = torch.randn(network.size, dtype=torch.float64)
            low, _ = extreme_curvatures(network, theta, inputs, labels)
            yield Observation(part="curvature", case=case, smallest_curvature=low)
            if hidden:
                order_of_units = torch.randperm(hidden).roll(1)
                loss = network.loss(theta, inputs, labels)
                other = network.loss(network.permuted(theta, order_of_units), inputs, labels)
                half = network.permuted(theta, order_of_units)
                half = torch.cat([half[: hidden * 5], theta[hidden * 5 :]])
                broken = network.loss(half, inputs, labels)
                yield Observation(
                    part="symmetry",
                    case="units permuted",
                    loss_difference=float((other - loss).abs() / loss),
                    control_difference=float((broken - loss).abs() / loss),
                )


def noise_observed(
    network: nn.Module, inputs: Tensor, labels: Tensor, batch_sizes: Sequence[int], draws: int, rng: torch.Generator
) -> Iterator[Observation]:
    """Gradient noise with and without replacement, all samples included, and bytes of one step, by batch size."""
    gradients = gradient_noise.per_sample_gradients(network, inputs, labels)
    for case, replace in (("with replacement", True), ("without replacement", False)):
        for size in (*batch_sizes, len(gradients)):
            yield Observation(
                part="noise",
                case=case,
                batch_size=size,
                noise=gradient_noise.noise_measured(gradients, size, replace=replace, draws=draws, rng=rng),
                noise_in_theory=gradient_noise.noise_in_theory(gradients, size, replace=replace),
            )
    for size in batch_sizes:
        chosen = torch.randint(len(gradients), (size,), generator=rng)
        kept, held = gradient_noise.saved_bytes(network, inputs[chosen], labels[chosen])
        yield Observation(
            part="memory",
            case="one step",
            batch_size=size,
            activation_kilobytes=kept / 1024,
            parameter_kilobytes=held / 1024,
        )


def saddles_observed(lr: float, most_steps: int, seed: int) -> Iterator[Observation]:
    """Three starts on a saddle: exact, off by 1e-8, exact with noise."""
    for case, y0, noise in (
        ("exact start, no noise", 0.0, 0.0),
        ("start off by 1e-8, no noise", 1e-8, 0.0),
        ("exact start, noise 1e-3", 0.0, 1e-3),
    ):
        steps = landscapes.steps_off_saddle(y0, lr, most_steps, noise=noise, rng=np.random.default_rng(seed))
        yield Observation(
            part="saddle",
            case=case,
            escape_steps=steps,
            escape_steps_in_theory=landscapes.steps_in_theory(y0, lr) if y0 else NAN,
            escaped=float(steps < most_steps),
        )


def wells_observed(
    batch_sizes: Sequence[int], *, tilt: float, sigma: float, steps: int, runs: int, seed: int
) -> Iterator[Observation]:
    """From the local well into the global one, and in the mirrored landscape from the global one out of it."""
    for case, slope in (("from the local well", tilt), ("from the global well", -tilt)):
        for size in (*batch_sizes, math.inf):
            outcome = landscapes.run_wells(
                size,
                tilt=slope,
                sigma=sigma,
                lr=0.05,
                steps=steps,
                runs=runs,
                rng=np.random.default_rng([seed, int(slope > 0)]),
            )
            yield Observation(
                part="well",
                case=case,
                batch_size=size,
                left_start=outcome.left_start,
                in_global_basin=outcome.in_global,
                excess_loss=outcome.excess_loss,
            )
