"""What cnn.flops can be asked, and the networks that its parts count and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, get_args

from pydantic import Field

from experiments.cnn.flops.inputs import FORMS, InputText, parse_inputs
from experiments.lab.errors import InputError, meant
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from torch import Tensor, nn

    from experiments.foundation.costs.flops_counter import Count

NamedModel = Literal["lenet", "alexnet", "vgg16", "resnet18", "resnet50", "vit_tiny"]


@parameters
class Params:
    model: tuple[str, ...] | str = get_args(NamedModel)
    """lenet, alexnet, vgg16, resnet18, resnet50, vit_tiny, or a module of yours: FILE.py:NAME or package.module:NAME, a
    module or what returns one, also with arguments: net.py:Net(width=8). Yours alone are counted without laws."""
    input: InputText | None = None
    """Shape of the input with its batch axis, such as [1,3,32,32], with a type int64[1,20], several by the names of the
    arguments {ids: int64[1,20], mask: bool[1,20]}; null takes the 28 x 28 grays of lenet, 224 x 224 colours else."""
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
    def built(self, name: str) -> nn.Module:
        """A named architecture, which may have shapes alone, or the user's own module, in evaluation mode.

        Raises:
            InputError: there is no such model.
        """
        from experiments.cnn.core import architectures
        from experiments.cnn.flops.own import load_module
        from experiments.foundation.networks.networks import lenet

        if ":" in name:
            return load_module(name).eval()
        if name == "lenet":
            return lenet((1, 28, 28), 10).eval()
        if name in get_args(architectures.ArchitectureName):
            return architectures.build_architecture(name)  # type: ignore[arg-type]
        raise InputError(f"unknown model {name}: {meant(name, (*get_args(NamedModel), 'FILE.py:NAME'))}")

    @once
    def real(self, name: str) -> nn.Module:
        """The same with numbers: the user's own, or small random ones."""
        from experiments.cnn.core.architectures import materialized

        return materialized(self.built(name))

    @once
    def network(self, name: str) -> nn.Module:
        """The one that is counted. Raises InputError where it cannot be copied to meta."""
        from experiments.foundation.costs.flops_counter import ghost

        if self.params.device == "cpu":
            return self.real(name)
        try:
            return ghost(self.built(name))
        except (TypeError, RuntimeError) as error:  # such as a lock, which has no copy
            said = " ".join(str(error).split())[:200]
            raise InputError(f"model={name} cannot be copied without its numbers: {said}; try device=cpu") from error

    def inputs(self, name: str, device: str) -> tuple[tuple[Tensor, ...], dict[str, Tensor]]:
        """The arguments of a network's forward pass, by place and by name."""
        import torch

        given = self.params.input or ("[1,1,28,28]" if name == "lenet" else "[1,3,224,224]")
        floating = (one.dtype for one in self.network(name).parameters() if one.is_floating_point())
        dtype = next(floating, torch.float32)
        made = [(one.name, one.tensor(dtype, device)) for one in parse_inputs(given)]
        return tuple(tensor for called, tensor in made if not called), {key: value for key, value in made if key}

    @once
    def counted(self, name: str) -> Count:
        """What one forward pass costs.

        Raises:
            InputError: the network does not run on that input.
        """
        from experiments.foundation.costs.flops_counter import count

        by_place, by_name = self.inputs(name, self.params.device)
        try:
            return count(self.network(name), *by_place, **by_name)  # type: ignore[arg-type]  # a name of its own wins
        except Exception as error:
            shapes = self.params.input or list(by_place[0].shape)
            advice = f"give its input, such as {FORMS}" + ", or try device=cpu" * (self.params.device == "meta")
            said = " ".join(str(error).split())[:200]
            raise InputError(f"model={name} does not run on an input of shape {shapes}: {said}; {advice}") from error


def prepare(params: Params, seed: int) -> Networks:
    networks = Networks(params=params, seed=seed)
    for name in params.models:
        networks.network(name)  # what cannot be loaded is refused before anything is measured
    return networks
