"""What cnn.flops can be asked, and the networks that its parts count and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import Field

from experiments.lab.errors import InputError, meant
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from torch import nn

    from experiments.cnn.core.flops_counter import Count

NamedModel = Literal["lenet", "alexnet", "vgg16", "resnet18", "resnet50", "vit_tiny"]


@parameters
class Params:
    model: tuple[str, ...] | str = get_args(NamedModel)
    """lenet, alexnet, vgg16, resnet18, resnet50, vit_tiny, or a module of yours: FILE.py:NAME or package.module:NAME, a
    module or what returns one without arguments. Of your own modules alone no laws are tried."""
    input: tuple[Annotated[int, Field(ge=1)], ...] | None = None
    """Shape of the input with its batch axis; null takes 1, 1, 28, 28 for lenet and 1, 3, 224, 224 for all others."""
    device: Literal["meta", "cpu"] = "meta"
    """meta counts shapes and computes nothing; cpu runs the network, for modules that look at their numbers."""
    show: Annotated[int, Field(ge=1, le=10_000)] = 4
    """Layers of each model in the table, the costliest; the record has all of them."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Random convolutions on which the closed form is tried."""
    repeats: Annotated[int, Field(ge=3, le=1000)] = 3
    """Runs over which a time is the median."""

    @property
    def models(self) -> tuple[str, ...]:
        """Each model once."""
        return tuple(dict.fromkeys((self.model,) if isinstance(self.model, str) else self.model))

    @property
    def only_own(self) -> bool:
        """Whether all models are the user's."""
        return all(":" in name for name in self.models)


class Networks(Setup[Params]):
    """The networks, each built and counted once, whichever part asks first."""

    @once
    def network(self, name: str) -> nn.Module:
        """A named architecture or the user's own module, in evaluation mode.

        Raises:
            InputError: there is no such model.
        """
        from experiments.cnn.core import architectures, flops_counter
        from experiments.cnn.flops.own import load_module
        from experiments.foundation.networks.networks import lenet

        if ":" in name:
            network = load_module(name)
        elif name == "lenet":
            network = lenet((1, 28, 28), 10)
        elif name in get_args(architectures.ArchitectureName):
            network = architectures.build_architecture(name)  # type: ignore[arg-type]
        else:
            raise InputError(f"unknown model {name}: {meant(name, (*get_args(NamedModel), 'FILE.py:NAME'))}")
        meta = self.params.device == "meta"
        return (flops_counter.ghost(network) if meta else architectures.materialized(network)).eval()

    def shape(self, name: str) -> tuple[int, ...]:
        """Shape of the input."""
        return self.params.input or ((1, 1, 28, 28) if name == "lenet" else (1, 3, 224, 224))

    @once
    def counted(self, name: str) -> Count:
        """What one forward pass costs.

        Raises:
            InputError: the network does not run on that input.
        """
        import torch

        from experiments.cnn.core.flops_counter import count

        network, shape, device = self.network(name), self.shape(name), self.params.device
        dtype = next((p.dtype for p in network.parameters() if p.is_floating_point()), torch.float32)
        try:
            return count(network, torch.zeros(shape, dtype=dtype, device=device))
        except Exception as error:
            advice = "give its input=[...]" if device == "cpu" else "give its input=[...], or try device=cpu"
            said = " ".join(str(error).split())[:200]
            raise InputError(
                f"model={name} does not run on an input of shape {list(shape)}: {said}; {advice}"
            ) from error


def prepare(params: Params, seed: int) -> Networks:
    networks = Networks(params=params, seed=seed)
    for name in params.models:
        networks.network(name)  # what cannot be loaded is refused before anything is measured
    return networks
