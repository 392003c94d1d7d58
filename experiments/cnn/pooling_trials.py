"""What cnn.pooling measures: laws on random maps, networks with random weights, and networks tuned and trained.

Knows nothing of claims; what poolings and transformations are stands in the core.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, Any

from experiments.lab.experiment import Event, Progress
from experiments.lab.instances import NAN, InstanceRow

if TYPE_CHECKING:
    import torch

    from experiments.cnn.core.invariance import Transformation
    from experiments.cnn.core.pooling import PoolName, Window
    from experiments.cnn.core.pooling_network import PoolingNetwork, Widths
    from experiments.cnn.pooling import Params
    from experiments.nn.core.fit import Fit
    from experiments.nn.core.splits import Split

EQUAL_FLOPS = "none, equal FLOPs"
EQUAL_PARAMETERS = "none, equal parameters"
BATCH = 100
SCORES = ("invariance", "feature_cosine", "agreement", "agreement_when_correct")


@dataclass(frozen=True, kw_only=True)
class Row(InstanceRow):
    """A law's instance, a learning rate of the sweep, a tuned network, or what stays in moved images."""

    pool: str = ""
    dataset: str | None = None
    weights: str = ""
    """random or trained."""
    transform: str = ""
    shift_pixels: float = NAN
    rotation_degrees: float = NAN
    scale_factor: float = NAN
    lr: float = NAN
    diverged: bool = False
    train_loss: float = NAN
    validation_accuracy: float = NAN
    test_accuracy: float = NAN
    gap: float = NAN
    """Accuracy on training images minus accuracy on test images."""
    parameters: int = 0
    flops: int = 0
    """Of one image forward, in convolutions and matrix products; sums and comparisons of a pooling are not counted."""
    invariance: float = NAN
    """Cosine of centered features before and after: 1 where nothing changed, 0 for another image."""
    feature_cosine: float = NAN
    """The same without centering."""
    agreement: float = NAN
    """Share of test images whose predicted class stays."""
    agreement_when_correct: float = NAN
    """Among those that were classified correctly."""
    shift_agreement: float = NAN
    """At the mildest shift, on the row of the tuned network."""
    moved_agreement: float = NAN
    """Mean over the mildest shift, rotation and scale."""

    @property
    def amount(self) -> float:
        """Pixels, degrees or factor of the transformation; nan without one."""
        amounts = {"shift": self.shift_pixels, "rotate": self.rotation_degrees, "scale": self.scale_factor}
        return amounts.get(self.transform, NAN)


@dataclass(frozen=True)
class Stays:
    """What stays in one kind of moved images; named as the columns of Row."""

    transform: Transformation
    amount: float
    invariance: float
    feature_cosine: float
    agreement: float
    agreement_when_correct: float


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

        channels, height, width = self.split.train_x.shape[1:]
        shape = (channels, height, width)
        return PoolingNetwork(pool, shape, self.split.classes, self.window, widths or POOLED_WIDTHS)

    def unpooled(self) -> dict[str, Widths]:
        """The rivals without pooling, by name."""
        from experiments.cnn.core.pooling_network import unpooled_widths

        channels, height, width = self.split.train_x.shape[1:]
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


def untrained_rows(task: Task) -> Iterator[Event]:
    """What stays in the features of random networks, whose weights are alike for all poolings and for none."""
    from experiments.nn.core.fit import reproducible

    for done, pool in enumerate(task.params.kinds):
        yield Progress(f"random weights, {pool}", done, len(task.params.kinds))
        draws = []
        for draw in range(task.params.random_networks):
            with reproducible(1000 * task.seed + draw):
                draws.append(stays(task, task.build(pool), task.params.random_images))
        for of_all in zip(*draws, strict=True):
            measured: dict[str, Any] = {name: fmean(getattr(one, name) for one in of_all) for name in SCORES[:2]}
            yield Row(
                part="stability",
                case=pool,
                pool=pool,
                weights="random",
                dataset=task.dataset,
                **move_columns(of_all[0]),
                **measured,
            )


def trained_rows(task: Task) -> Iterator[Event]:
    """Every arm at every learning rate, then the network that validation chose: its scores and what stays in it."""
    from experiments.cnn.core.tuned_network import tuned_networks
    from experiments.nn.core.fit import Budget

    arms: dict[str, tuple[PoolName, Widths | None]] = {k: (k, None) for k in task.params.kinds if k != "none"}
    arms |= {name: ("none", widths) for name, widths in task.unpooled().items() if "none" in task.params.kinds}
    budget = Budget(steps=task.params.steps, batch_size=task.params.batch_size, optimizer="adam")
    for done, (arm, (pool, widths)) in enumerate(arms.items()):
        yield Progress(f"training, {arm}", done, len(arms))
        found = tuned_networks(partial(task.build, pool, widths), task.split, budget, task.params.lrs, seed=task.seed)
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
    from experiments.training.flops import forward_cost

    channels, height, width = task.split.train_x.shape[1:]
    cost = forward_cost(network, (channels, height, width))
    kept = stays(task, network, task.params.test_images, diverged=fit.diverged)
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


def stays(task: Task, network: PoolingNetwork, count: int, *, diverged: bool = False) -> tuple[Stays, ...]:
    """Scores on the first ``count`` test images, moved in every way; a diverged network keeps predictions by chance."""
    import torch

    from experiments.cnn.core.invariance import transform

    images, labels = task.split.test_x[:count], task.split.test_y[:count]
    network.eval()
    with torch.no_grad():
        features = maps_of(network, images)
        kept = []
        for by, amounts in moves(task.params).items():
            for amount in amounts:
                moved = maps_of(network, transform(images, by, amount, task.window.border))
                scores = chance_scores(task) if diverged else kept_scores(network, features, moved, labels)
                kept.append(Stays(by, amount, *scores))
    return tuple(kept)


def maps_of(network: PoolingNetwork, images: torch.Tensor) -> torch.Tensor:
    """Features (n, c, h, w) in small batches, whose maps stay in the cache."""
    import torch

    return torch.cat([network.features(batch) for batch in images.split(BATCH)])


def kept_scores(
    network: PoolingNetwork, features: torch.Tensor, moved: torch.Tensor, labels: torch.Tensor
) -> tuple[float, float, float, float]:
    """The four scores of Stays, in its order, for features (n, c, h, w) before and after."""
    from experiments.cnn.core.invariance import agreement, cosine, invariance

    before, after = (network.head(part.flatten(1)).argmax(1) for part in (features, moved))
    kept = agreement(before, after, labels)
    return invariance(features, moved), cosine(features, moved), kept.all, kept.when_correct


def chance_scores(task: Task) -> tuple[float, float, float, float]:
    return 0.0, 0.0, 1 / task.split.classes, 1 / task.split.classes


def moves(params: Params) -> dict[Transformation, tuple[float, ...]]:
    """Transformation -> its amounts, from the mildest."""
    return {"shift": tuple(map(float, params.shifts)), "rotate": params.rotations, "scale": params.scales}


def move_columns(one: Stays) -> dict[str, Any]:
    """The columns of Row that say how the images were moved."""
    names = {"shift": "shift_pixels", "rotate": "rotation_degrees", "scale": "scale_factor"}
    return {"transform": one.transform, names[one.transform]: one.amount}


def score_columns(one: Stays) -> dict[str, float]:
    return {name: getattr(one, name) for name in SCORES}
