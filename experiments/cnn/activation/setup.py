"""What cnn.activation can be asked, and the deep networks that its parts look at."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.cnn.arms import Images, TrainingParams, split_of
from experiments.lab.experiment import once, parameters
from experiments.lab.judge.claims import Predicted

if TYPE_CHECKING:
    from experiments.cnn.core.activation_network import DeepNetwork
    from experiments.foundation.networks.tuned_networks import TunedNetworks

Activation = Literal["identity", "sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu", "silu", "selu"]
Initialization = Literal["auto", "default", "he", "xavier"]
Arm = tuple[Activation, Initialization]
CONTRASTED = ("relu", "sigmoid")
"""Activations that are also trained at the same initialization."""
KEPT: dict[str, Predicted] = {
    **dict.fromkeys(("identity", "relu", "leaky_relu"), "holds"),
    **dict.fromkeys(("sigmoid", "tanh", "selu"), "refuted"),
}
"""Whether torch's gain is predicted to keep a signal's mean square: f(z) / z is constant on each side of 0."""


@parameters
class Params(TrainingParams):
    activations: Annotated[tuple[Activation, ...], Field(min_length=1)] = ("relu", "sigmoid", "identity")
    """Activations of the networks that are trained."""
    depth: Annotated[int, Field(ge=1, le=50)] = 8
    """Convolutions of a network."""
    width: Annotated[int, Field(ge=1, le=256)] = 4
    """Channels of each."""
    init: Initialization = "auto"
    """Weights: auto is Xavier for sigmoid, tanh and identity, He for others; default is torch's."""
    same_inits: tuple[Initialization, ...] = ("default",)
    """Initializations at which ReLU and sigmoid are trained besides."""
    biases: tuple[Annotated[float, Field(ge=-1000, le=1000)], ...] = (0.0, -10.0)
    """Biases of the ReLU units that are watched at the start."""
    units: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Those units, per bias and seed."""
    layers: Annotated[int, Field(ge=2, le=1000)] = 20
    """Layers of the random networks that a signal goes through."""
    propagation_width: Annotated[int, Field(ge=2, le=4096)] = 32
    """Units of each."""
    networks: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Number of those networks per seed."""
    law_trials: Annotated[int, Field(ge=1, le=10_000)] = 2
    """Random instances of each law."""


class Networks(Images[Params]):
    """The networks, each arm tuned and trained once, whichever part asks first."""

    @property
    def arms(self) -> dict[str, Arm]:
        """Every activation at the initialization of all, then ReLU and sigmoid at the same ones; by name."""
        main: list[Arm] = [(activation, self.params.init) for activation in self.params.activations]
        same: list[Arm] = [(a, init) for init in self.params.same_inits for a, _ in main if a in CONTRASTED]
        return {self.name(arm): arm for arm in (*main, *same)}

    def name(self, arm: Arm) -> str:
        activation, init = arm
        return activation if init == self.params.init else f"{activation}, {init} init"

    def build(self, arm: Arm) -> DeepNetwork:
        """A network from torch's global random state."""
        from experiments.cnn.core.activation_network import DeepNetwork

        activation, init = arm
        depth, width = self.params.depth, self.params.width
        return DeepNetwork(activation, self.split.shape, self.split.classes, depth=depth, width=width, init=init)

    @once
    def tuned(self, arm: Arm) -> TunedNetworks[DeepNetwork]:
        """The arm at every learning rate."""
        from experiments.cnn.core.activation_network import DeepMembers

        return self.trained(partial(self.build, arm), DeepMembers)


def prepare(params: Params, seed: int) -> Networks:
    split, note = split_of(params, seed)
    return Networks(params=params, seed=seed, split=split, notes=(note,))
