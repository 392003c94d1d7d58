"""What cnn.receptive_field can be asked, its stacks of layers, and the photograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.cnn.core.receptive_theory import Layer
from experiments.foundation.datasets.choices import PhotoName
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, parameters

if TYPE_CHECKING:
    import torch

MAP_SIDE = 49
"""Pixels of a side of the maps, and of the crop of a photograph on which gradients are measured."""


@parameters
class Params:
    layers: Annotated[int, Field(ge=4, le=64)] = 8
    """Layers of the stacks with downsampling and dilation."""
    kernel: Annotated[int, Field(ge=2, le=15)] = 3
    """Taps of a kernel along an axis."""
    stride: Annotated[int, Field(ge=2, le=4)] = 2
    """Stride of the two layers that downsample, at a third and at two thirds of the stack."""
    dilation: Annotated[int, Field(ge=2, le=16)] = 2
    """Dilation of every layer of the dilated stack."""
    depth: tuple[Annotated[int, Field(ge=1, le=64)], ...] = (2, 3, 4, 6, 8)
    """Layers of the stacks whose growth is measured; at least five for a slope."""
    draws: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Random networks over which a squared gradient is averaged."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Random stacks on which the formulas are tried."""
    photo: PhotoName = "china"
    """Photograph of scikit-learn's."""


@dataclass(frozen=True, kw_only=True)
class Stacks(Setup[Params]):
    photo: torch.Tensor
    """A random square of the photograph, (3, side, side) in [0, 1], larger than any field."""

    def plain(self, depth: int, padding: int = 0) -> list[Layer]:
        return [Layer(self.params.kernel, padding=padding)] * depth

    def equally_deep(self) -> dict[str, list[Layer]]:
        """As many layers and weights each: plain, two of them strided, all of them dilated."""
        layers, kernel = self.params.layers, self.params.kernel
        thirds = (layers // 3, 2 * layers // 3)
        return {
            "plain": self.plain(layers),
            "downsampled": [Layer(kernel, self.params.stride if i in thirds else 1) for i in range(layers)],
            "dilated": [Layer(kernel, dilation=self.params.dilation)] * layers,
        }

    def generator(self) -> torch.Generator:
        """Random numbers of one part."""
        import torch

        return torch.Generator().manual_seed(self.seed)


def prepare(params: Params, seed: int) -> Stacks:
    import torch

    from experiments.foundation.datasets.images import load_photo

    whole = torch.tensor(load_photo(params.photo)).permute(2, 0, 1).double() / 255
    side = max(MAP_SIDE, params.layers * (params.kernel - 1) + 9)
    if side > min(whole.shape[1:]):
        raise InputError(
            f"expected fields within the photograph's {min(whole.shape[1:])} pixels, got layers={params.layers} with "
            f"kernel={params.kernel}, which need {side}; use fewer or smaller"
        )
    corner = torch.Generator().manual_seed(seed)
    top, left = (int(torch.randint(size - side + 1, (1,), generator=corner)) for size in whole.shape[1:])
    return Stacks(params=params, seed=seed, photo=whole[:, top : top + side, left : left + side].contiguous())
