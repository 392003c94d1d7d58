"""What arch.images can be asked, its pictures in every order, and the networks that are trained on them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.foundation.networks.choices import DeviceName
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from experiments.foundation.networks.budget import Fit
    from experiments.foundation.networks.split import Split

Network = Literal["MLP", "CNN", "ViT", "RNN", "GRU", "LSTM"]
Order = Literal["plain", "pixels permuted", "patches permuted"]


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    networks: Annotated[tuple[Network, ...], Field(min_length=1)] = ("MLP", "CNN", "ViT")
    """Networks; the recurrent ones read an image row by row."""
    orders: Annotated[tuple[Order, ...], Field(min_length=1)] = ("plain", "pixels permuted", "patches permuted")
    """How the parts of every image lie: as they are, or all images by one random permutation."""
    labels: Annotated[tuple[Annotated[int, Field(ge=10, le=60_000)], ...], Field(min_length=1)] = (200,)
    """Labelled images to train on; most claims read 1000."""
    validation: Annotated[int, Field(ge=10, le=10_000)] = 100
    """Images that choose the learning rate."""
    test: Annotated[int, Field(ge=10, le=10_000)] = 200
    """Images that are judged."""
    dim: Annotated[int, Field(ge=8, le=512, multiple_of=4)] = 16
    """Width of the ViT, whose number of parameters all networks get."""
    depth: Annotated[int, Field(ge=1, le=12)] = 1
    """Its blocks."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 20
    """Updates, equally many for every number of labels."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    """Images of an update."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (1e-2,)
    """Learning rates of Adam that every network tries in every order."""
    device: DeviceName = "auto"
    """Where to compute; auto is CUDA, else MPS, else the CPU."""


@dataclass(frozen=True, kw_only=True)
class Images(Setup[Params]):
    split: Split
    """Its training part has the most labels that are asked for; fewer are the first of them."""
    device: torch.device

    def network(self, name: Network) -> nn.Module:
        """An untrained network, from torch's global generator."""
        from experiments.arch.core.image_networks import network

        return network(name, self.split.shape, self.split.classes, dim=self.params.dim, depth=self.params.depth)

    def orders(self) -> dict[Order, Tensor | None]:
        """Name -> the order of an image's pixels; None where they stay."""
        import torch

        from experiments.arch.core.image_networks import patch_order, pixel_order

        rng, shape = torch.Generator().manual_seed(self.seed), self.split.shape
        return {
            "plain": None,
            "pixels permuted": pixel_order(shape, rng),
            "patches permuted": patch_order(shape, rng)[1],
        }

    def pictures(self, order: Order, labels: int) -> Split:
        """The images in that order, on the device, the first ``labels`` of them to train on."""
        from experiments.arch.core.image_networks import reordered
        from experiments.foundation.networks.split import Examples

        moved = self.orders()[order]

        def placed(part: Examples) -> Examples:
            inputs = part.inputs if moved is None else reordered(part.inputs, moved)
            return Examples(inputs.to(self.device), part.labels.to(self.device))

        split = self.split
        train, validation, test = (placed(part) for part in (split.train.first(labels), split.validation, split.test))
        return replace(split, train=train, validation=validation, test=test)

    @once
    def fits(self, name: Network, order: Order, labels: int) -> tuple[Fit, ...]:
        """Trainings at every rate, side by side: the same start, the same images in one order."""
        from experiments.foundation.networks.budget import Budget
        from experiments.foundation.networks.side_by_side import Rate, train_side_by_side
        from experiments.foundation.networks.timing import reproducible
        from experiments.foundation.networks.tuned_networks import Members

        params = self.params
        with reproducible(self.seed):
            members = Members([self.network(name).to(self.device)] * len(params.lrs))
        budget = Budget(steps=params.steps, batch_size=params.batch_size, optimizer="adam")
        rates = [Rate(lr) for lr in params.lrs]
        return train_side_by_side(members, self.pictures(order, labels), budget, rates, seed=self.seed)


def prepare(params: Params, seed: int) -> Images:
    """Random images for training, validation and test.

    Raises:
        InputError: the data set has fewer, or the device is not there.
    """
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.device import device_title, resolve_device
    from experiments.foundation.networks.split import fill_test, image_split

    device = resolve_device(params.device)
    train = max(params.labels)
    data = fill_test(load_images(params.dataset, seed=seed), train + params.validation, params.test, seed=seed)
    split = image_split(data, train=train, validation=params.validation, test=params.test, seed=seed)
    notes = (split.description, f"computed on {device_title(device)}")
    return Images(params=params, seed=seed, notes=notes, split=split, device=device)
