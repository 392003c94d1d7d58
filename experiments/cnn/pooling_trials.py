"""What cnn.pooling measures: laws on random maps, networks with random weights, and networks tuned and trained.

Knows nothing of claims; what poolings and transformations are stands in the core.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from statistics import fmean
from typing import TYPE_CHECKING, Any

from experiments.cnn.pooling_rows import (
    EQUAL_FLOPS,
    EQUAL_PARAMETERS,
    SCORES,
    Row,
    Stays,
    move_columns,
    score_columns,
)
from experiments.lab.experiment import Event, Progress

if TYPE_CHECKING:
    import torch

    from experiments.cnn.core.invariance import Transformation
    from experiments.cnn.core.pooling import PoolName, Window
    from experiments.cnn.core.pooling_members import PoolingMembers
    from experiments.cnn.core.pooling_network import PoolingNetwork, Widths
    from experiments.cnn.pooling import Params
    from experiments.foundation.networks.budget import Fit
    from experiments.foundation.networks.split import Split

BATCH = 100
"""Networks times images whose maps are computed at once, so that they stay in the cache."""


@dataclass(frozen=True, kw_only=True)
class Task:
    """What every network is built and measured with."""

    params: Params
    split: Split
    dataset: str
    window: Window
    seed: int

    def build(self, pool: PoolName, widths: Widths | None = None) -> PoolingNetwork:
        """A network from torch's global random state."""
        from experiments.cnn.core.pooling_network import POOLED_WIDTHS, PoolingNetwork

        channels, height, width = self.split.shape
        shape = (channels, height, width)
        return PoolingNetwork(pool, shape, self.split.classes, self.window, widths or POOLED_WIDTHS)

    @cached_property
    def moved(self) -> dict[tuple[Transformation, float], torch.Tensor]:
        """The test images (n, c, h, w) moved in every way, by transformation and amount from the mildest."""
        from experiments.cnn.core.invariance import transform

        border = self.window.border
        return {
            (by, amount): transform(self.split.test.inputs, by, amount, border)
            for by, amounts in moves(self.params).items()
            for amount in amounts
        }

    def unpooled(self) -> dict[str, Widths]:
        """The rivals without pooling, by name."""
        from experiments.cnn.core.pooling_network import unpooled_widths

        channels, height, width = self.split.shape
        shape, classes = (channels, height, width), self.split.classes
        return {
            EQUAL_FLOPS: unpooled_widths(shape, classes, self.window, "macs"),
            EQUAL_PARAMETERS: unpooled_widths(shape, classes, self.window, "parameters"),
        }


def law_rows(trials: int, seed: int) -> Iterator[Row]:
    """Every law on ``trials`` random maps; those without chance once."""
    import numpy as np
    import torch

    from experiments.cnn.core import pooling_laws as laws

    generator = torch.Generator().manual_seed(seed)
    for trial in range(trials):
        maps = torch.randn(2, laws.CHANNELS, 16, 16, generator=generator, dtype=torch.float64)
        kernel, stride = 2 + trial % 3, 1 + trial % 4
        tried = [*laws.commuting_trials(maps), *laws.filter_trials(maps, kernel, stride), *laws.sampling_trials(maps)]
        tried += [*laws.equivariance_trials(maps, seed + trial), *laws.global_average_trials(maps, seed + trial)]
        yield from (Row(**asdict(found)) for found in tried)
    rng = np.random.default_rng(seed)
    for found in (*laws.size_trials(rng, 20 * trials), *laws.cost_trials(), *laws.head_trials()):
        yield Row(**asdict(found))
    for name, parameters in laws.parameter_counts():
        yield Row(part="parameters", case=name, pool=name, parameters=parameters)
    yield Row(part="kinds", case=", ".join(laws.pooling_kinds()), parameters=len(laws.pooling_kinds()))


def random_networks(task: Task, pool: PoolName) -> Iterator[PoolingNetwork]:
    """Networks whose weights are those of every other pooling."""
    from experiments.foundation.networks.timing import reproducible

    for draw in range(task.params.random_networks):
        with reproducible(1000 * task.seed + draw):
            yield task.build(pool)


def untrained_rows(task: Task) -> Iterator[Event]:
    """What stays in the features of random networks, whose weights are alike for all poolings and for none."""
    from experiments.cnn.core.pooling_members import PoolingMembers
    from experiments.foundation.networks.timing import reproducible

    for done, pool in enumerate(task.params.kinds):
        yield Progress(f"random weights, {pool}", done, len(task.params.kinds))
        with reproducible(task.seed):
            networks = PoolingMembers(list(random_networks(task, pool)))
            kept = stays(task, networks, task.params.random_images)
        for one in kept:
            measured: dict[str, Any] = {name: getattr(one, name) for name in SCORES[:2]}
            moved = move_columns(one) | measured
            yield Row(part="stability", case=pool, pool=pool, weights="random", dataset=task.dataset, **moved)


def trained_rows(task: Task) -> Iterator[Event]:
    """Every arm at every learning rate, then the network that validation chose: its scores and what stays in it."""
    from experiments.cnn.core.pooling_members import PoolingMembers
    from experiments.foundation.networks.budget import Budget
    from experiments.foundation.networks.device import keep_freed_memory
    from experiments.foundation.networks.tuned_networks import tuned_networks

    arms: dict[str, tuple[PoolName, Widths | None]] = {k: (k, None) for k in task.params.kinds if k != "none"}
    arms |= {name: ("none", widths) for name, widths in task.unpooled().items() if "none" in task.params.kinds}
    keep_freed_memory()
    budget = Budget(steps=task.params.steps, batch_size=task.params.batch_size, optimizer="adam")
    for done, (arm, (pool, widths)) in enumerate(arms.items()):
        yield Progress(f"training, {arm}", done, len(arms))
        build, lrs = partial(task.build, pool, widths), task.params.lrs
        found = tuned_networks(build, PoolingMembers, task.split, budget, lrs, seed=task.seed)
        yield from (sweep_row(task, arm, fit) for fit in found.tuned.fits)
        best, network = found.best
        yield from tuned_rows(task, arm, best, network)


def sweep_row(task: Task, arm: str, fit: Fit) -> Row:
    return Row(
        part="sweep",
        case=arm,
        pool=arm,
        dataset=task.dataset,
        lr=fit.lr,
        train_loss=fit.train_loss,
        validation_accuracy=fit.validation_accuracy,
        diverged=fit.diverged,
    )


def tuned_rows(task: Task, arm: str, fit: Fit, network: PoolingNetwork) -> Iterator[Row]:
    """The tuned network's own row, then one per transformation and amount."""
    from experiments.cnn.core.pooling_members import PoolingMembers
    from experiments.foundation.networks.flops import forward_cost
    from experiments.foundation.networks.timing import reproducible

    channels, height, width = task.split.shape
    cost = forward_cost(network, (channels, height, width))
    with reproducible(task.seed):
        kept = stays(task, PoolingMembers([network]), task.params.test_images, diverged=fit.diverged)
    mildest = {one.transform: one.agreement for one in reversed(kept)}
    yield Row(
        part="trained",
        case=arm,
        pool=arm,
        weights="trained",
        dataset=task.dataset,
        lr=fit.lr,
        diverged=fit.diverged,
        train_loss=fit.train_loss,
        validation_accuracy=fit.validation_accuracy,
        test_accuracy=fit.test_accuracy,
        gap=fit.train_accuracy - fit.test_accuracy,
        parameters=cost.parameters,
        flops=cost.flops,
        shift_agreement=mildest["shift"],
        moved_agreement=fmean(mildest.values()),
    )
    for one in kept:
        moved = move_columns(one) | score_columns(one)
        yield Row(part="stability", case=arm, pool=arm, weights="trained", dataset=task.dataset, **moved)


def stays(task: Task, networks: PoolingMembers, count: int, *, diverged: bool = False) -> tuple[Stays, ...]:
    """Mean scores of the networks on the first ``count`` test images, moved in every way.

    Diverged networks keep predictions by chance.
    """
    import torch

    labels = task.split.test.labels[:count]
    with torch.no_grad():
        features = features_of(networks, task.split.test.inputs[:count])
        kept = []
        for (by, amount), images in task.moved.items():
            moved = features_of(networks, images[:count])
            scores = chance_scores(task) if diverged else kept_scores(networks, features, moved, labels)
            kept.append(Stays(by, amount, *scores))
    return tuple(kept)


def features_of(networks: PoolingMembers, images: torch.Tensor) -> torch.Tensor:
    """Features (members, n, features) in small batches, whose maps stay in the cache."""
    import torch

    batch = max(1, BATCH // len(networks.networks))
    return torch.cat([networks.features(part) for part in images.split(batch)], 1)


def kept_scores(
    networks: PoolingMembers, features: torch.Tensor, moved: torch.Tensor, labels: torch.Tensor
) -> tuple[float, ...]:
    """The scores of Stays in its order, for features (members, n, features) before and after: means over members."""
    from experiments.cnn.core.invariance import agreement, cosine, invariance

    before, after = (networks.classified(part).argmax(2) for part in (features, moved))
    kept = [agreement(*predictions, labels) for predictions in zip(before, after, strict=True)]
    pairs = list(zip(features, moved, strict=True))
    scores = ([invariance(*pair) for pair in pairs], [cosine(*pair) for pair in pairs])
    agreements = ([one.all for one in kept], [one.when_correct for one in kept])
    return tuple(fmean(score) for score in (*scores, *agreements))


def chance_scores(task: Task) -> tuple[float, ...]:
    return 0.0, 0.0, 1 / task.split.classes, 1 / task.split.classes


def moves(params: Params) -> dict[Transformation, tuple[float, ...]]:
    """Transformation -> its amounts, from the mildest."""
    return {"shift": tuple(map(float, params.shifts)), "rotate": params.rotations, "scale": params.scales}
