"""What cnn.activation measures: laws, propagation at the start, and deep networks tuned and trained.

Knows nothing of claims; functions, networks and laws stand in the core.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, Any

from experiments.foundation.statements.instances import NAN, InstanceRow
from experiments.lab.experiment import Event, Progress, Trace

if TYPE_CHECKING:
    from experiments.cnn.activation import Params
    from experiments.cnn.core.activation_network import DeepNetwork
    from experiments.cnn.core.activations import ActivationName, InitName
    from experiments.foundation.networks.budget import Fit
    from experiments.foundation.networks.split import Split
    from experiments.foundation.networks.tuned_networks import TunedNetworks

Arm = tuple["ActivationName", "InitName"]
CONTRASTED: tuple[ActivationName, ...] = ("relu", "sigmoid")
"""Activations that are also trained at the same initialization."""


@dataclass(frozen=True, kw_only=True)
class Row(InstanceRow):
    """A law's instance, a gain, a layer, a group of units, a learning rate of the sweep, or a tuned network."""

    activation: str = ""
    init: str = ""
    dataset: str | None = None
    layer: int = 0
    mean_square: float = NAN
    """Of a layer's output; of its pre-activations relative to the first layer's where part is propagation."""
    dead_share: float = NAN
    """Share of channels that are zero at every place of every image."""
    torch_gain: float = NAN
    preserving_gain: float = NAN
    bias: float = NAN
    units: int = 0
    dead_units: int = 0
    """Units that are zero on every image."""
    lr: float = NAN
    diverged: bool = False
    train_loss: float = NAN
    train_accuracy: float = NAN
    validation_accuracy: float = NAN
    chance: float = NAN
    """One over the number of classes."""
    test_accuracy: float = NAN


@dataclass(frozen=True, kw_only=True)
class Task:
    """What every network is built and trained on."""

    params: Params
    split: Split
    dataset: str

    def build(self, arm: Arm) -> DeepNetwork:
        """A network from torch's global random state."""
        from experiments.cnn.core.activation_network import DeepNetwork

        channels, height, width = self.split.shape
        activation, init = arm
        sizes = {"depth": self.params.depth, "width": self.params.width}
        return DeepNetwork(activation, (channels, height, width), self.split.classes, **sizes, init=init)

    def row(self, part: str, arm: Arm, **columns: Any) -> Row:
        activation, init = arm
        name = activation if init == self.params.init else f"{activation}, {init} init"
        return Row(part=part, case=name, activation=activation, init=init, dataset=self.dataset, **columns)


def law_rows(trials: int, depth: int, seed: int) -> Iterator[Row]:
    """Ranges of derivatives and the collapse of identities, and the gains of both origins."""
    import torch

    from experiments.cnn.core import activation_laws as laws
    from experiments.cnn.core.activations import TORCH_GAINS

    generator = torch.Generator().manual_seed(seed)
    for trial in range(trials):
        drawn = (torch.rand(1000, generator=generator, dtype=torch.float64) * 2 - 1) * laws.REACH
        points = torch.cat([drawn, torch.zeros(1, dtype=torch.float64)])
        images = torch.randn(4, 1, 8, 8, generator=generator)
        tried = [*laws.range_trials(points), *laws.linearity_trials(images, depth, 4, seed + trial)]
        yield from (Row(**asdict(found)) for found in tried)
    for name in TORCH_GAINS:
        known, exact = laws.gains(name)
        yield Row(part="gain", case=name, activation=name, torch_gain=known, preserving_gain=exact)


def propagation_rows(params: Params, seed: int) -> Iterator[Row]:
    """Mean square of each layer's pre-activations with torch's gain, over random networks."""
    from experiments.cnn.core.activation_laws import propagated_mean_squares
    from experiments.cnn.core.activations import TORCH_GAINS, torch_gain

    squares = propagated_mean_squares(
        {name: torch_gain(name) for name in TORCH_GAINS},
        layers=params.layers,
        width=params.propagation_width,
        networks=params.networks,
        seed=seed,
    )
    for name, values in squares.items():
        for layer, value in enumerate(values, start=1):
            yield Row(part="propagation", case=name, activation=name, layer=layer, mean_square=value)


def start_rows(task: Task, seed: int) -> Iterator[Row]:
    """Dense ReLU units that no training image wakes, by bias."""
    import torch

    from experiments.cnn.core.activation_network import dead_units_at_start

    rng = torch.Generator().manual_seed(seed)
    for bias in task.params.biases:
        dead = dead_units_at_start(task.split.train.inputs, task.params.units, bias, rng)
        yield task.row("start", ("relu", "he"), bias=bias, units=task.params.units, dead_units=dead)


def trained_rows(task: Task, seed: int) -> Iterator[Event]:
    """Every arm at every learning rate, then the network that validation chose, layer by layer."""
    from experiments.cnn.core.activation_members import DeepMembers
    from experiments.foundation.networks.budget import Budget, smoothed
    from experiments.foundation.networks.device import keep_freed_memory
    from experiments.foundation.networks.tuned_networks import tuned_networks

    params = task.params
    arms: list[Arm] = [(activation, params.init) for activation in params.activations]
    contrasted: list[Arm] = [(name, init) for init in params.same_inits for name in CONTRASTED]
    arms += [arm for arm in contrasted if arm[0] in params.activations and arm not in arms]
    keep_freed_memory()
    budget = Budget(steps=params.steps, batch_size=params.batch_size, optimizer="adam")
    lines: list[tuple[str, tuple[float, ...], tuple[float, ...]]] = []
    for done, arm in enumerate(arms):
        yield Progress(f"training, {', '.join(arm)}", done, len(arms))
        build = partial(task.build, arm)
        found = tuned_networks(build, DeepMembers, task.split, budget, params.lrs, seed=seed)
        yield from sweep_rows(task, arm, found)
        fit, network = found.best
        yield tuned_row(task, arm, fit)
        if arm[1] == params.init:
            yield from layer_rows(task, arm, network)
            known = [(float(step), loss) for step, loss in enumerate(smoothed(fit.losses), start=1) if loss == loss]
            lines.append((arm[0], tuple(step for step, _ in known), tuple(loss for _, loss in known)))
    yield Trace(name="training_loss", x="step", y="train_loss", lines=tuple(line for line in lines if line[1]))


def sweep_rows(task: Task, arm: Arm, found: TunedNetworks[DeepNetwork]) -> Iterator[Row]:
    """One row per learning rate, for ReLU with the share of dead channels over all layers."""
    from experiments.cnn.core.activation_network import dead_shares

    for fit, network in zip(found.tuned.fits, found.networks, strict=True):
        dead = fmean(dead_shares(network, task.split.train.inputs[:500])) if arm[0] == "relu" else NAN
        yield task.row("sweep", arm, dead_share=dead, **scores(task, fit))


def tuned_row(task: Task, arm: Arm, fit: Fit) -> Row:
    accuracies = {"train_accuracy": fit.train_accuracy, "test_accuracy": fit.test_accuracy}
    return task.row("trained", arm, **accuracies, **scores(task, fit))


def scores(task: Task, fit: Fit) -> dict[str, float]:
    return {
        "lr": fit.lr,
        "diverged": fit.diverged,
        "train_loss": fit.train_loss,
        "validation_accuracy": fit.validation_accuracy,
        "chance": 1 / task.split.classes,
    }


def layer_rows(task: Task, arm: Arm, network: DeepNetwork) -> Iterator[Row]:
    """Mean square of every layer's output in the trained network, and dead channels of a ReLU."""
    from experiments.cnn.core.activation_network import dead_shares, mean_squares

    images = task.split.train.inputs[:500]
    dead = dead_shares(network, images) if arm[0] == "relu" else [NAN] * task.params.depth
    for layer, (square, share) in enumerate(zip(mean_squares(network, images), dead, strict=True), start=1):
        yield task.row("layer", arm, layer=layer, mean_square=square, dead_share=share)
