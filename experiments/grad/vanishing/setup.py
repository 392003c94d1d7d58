"""What grad.vanishing can be asked, and the networks that its parts look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from experiments.grad.core.chains import LayerGradient

Activation = Literal["sigmoid", "tanh", "relu"]
Initialization = Literal["default", "xavier", "he", "normal"]
Arm = Literal["plain", "batch_norm", "residual"]
Depth = Annotated[int, Field(ge=2, le=200)]


@parameters
class Params:
    activation: tuple[Activation, ...] = ("sigmoid", "tanh", "relu")
    """Activations."""
    init: tuple[Initialization, ...] = ("default", "xavier", "he", "normal")
    """Weights: torch's default (uniform, variance 1/(3 fan-in)), Xavier, He, or standard normal."""
    depth: tuple[Depth, ...] = (4, 10)
    """Hidden layers; the claims read the ten-layer and the deepest chains."""
    width: Annotated[int, Field(ge=2, le=1024)] = 64
    """Units of a layer."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 64
    """Standard normal inputs with random labels in one backward pass."""
    transformer_depth: Annotated[int, Field(ge=2, le=100)] = 6
    """Blocks of the pre-norm residual transformer, and layers of the sigmoid chain beside it."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Random one-unit chains on which the product rule is tried."""


@dataclass(frozen=True)
class Spec:
    """One chain."""

    activation: Activation
    init: Initialization
    arm: Arm
    depth: int

    @property
    def name(self) -> str:
        return f"{self.activation}, {self.init}" + ("" if self.arm == "plain" else f", {self.arm}")


class Networks(Setup[Params]):
    """Chains and the transformer, each measured once, whichever part asks first."""

    def specs(self) -> Iterator[Spec]:
        """The chains, from the shallowest."""
        for depth in sorted({*self.params.depth, self.params.transformer_depth}):
            for activation in self.params.activation:
                for init in self.params.init:
                    yield Spec(activation, init, "plain", depth)
            remedies: tuple[Arm, ...] = ("batch_norm", "residual")
            for arm in remedies:
                yield Spec("sigmoid", "xavier", arm, depth)
                yield Spec("relu", "he", arm, depth)

    @once
    def layers(self, spec: Spec) -> list[LayerGradient]:
        """Every layer of a chain after one backward pass."""
        import torch

        from experiments.foundation.networks.timing import reproducible
        from experiments.grad.core.chains import Chain, layer_gradients

        width, batch_size = self.params.width, self.params.batch_size
        with reproducible(self.seed):
            chain = Chain(width=width, classes=10, **asdict(spec))
            inputs = torch.randn(batch_size, width)
            return layer_gradients(chain, inputs, torch.randint(10, (batch_size,)))

    @once
    def transformer(self) -> list[float]:
        """Norm of the feed-forward weight's gradient in every block of a pre-norm residual transformer."""
        from experiments.grad.core.chains import transformer_gradients

        return transformer_gradients(self.params.transformer_depth, 32, 8, self.seed)


def prepare(params: Params, seed: int) -> Networks:
    return Networks(params=params, seed=seed)
