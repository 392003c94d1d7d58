"""What cnn.pooling can be asked, and the networks and moved images that its parts look at."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.cnn.arms import Images, TrainingParams, split_of
from experiments.lab.errors import InputError
from experiments.lab.experiment import once, parameters

if TYPE_CHECKING:
    import torch

    from experiments.cnn.core.invariance import Stays, Transformation
    from experiments.cnn.core.pooling import Window
    from experiments.cnn.core.pooling_network import PoolingMembers, PoolingNetwork, Widths
    from experiments.foundation.networks.tuned_networks import TunedNetworks

    Move = tuple[Transformation, float]

Kind = Literal["max", "avg", "lp", "gem", "blur", "stride_conv", "attention", "none"]
EQUAL_FLOPS = "none, equal FLOPs"
EQUAL_PARAMETERS = "none, equal parameters"


@parameters
class Params(TrainingParams):
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = ("max", "avg", "stride_conv", "none")
    """Poolings of the networks; stride_conv is a convolution instead, none is trained at equal FLOPs and parameters."""
    kernel: Annotated[int, Field(ge=1, le=8)] = 2
    """Rows and columns of a pooling's window."""
    stride: Annotated[int, Field(ge=1, le=16)] = 2
    """Pixels from window to window, at most twice the kernel."""
    pad: Literal["circular", "zero"] = "circular"
    """What lies beyond the border, for convolutions, poolings and shifts: the other side, or nothing."""
    random_networks: Annotated[int, Field(ge=1, le=1000)] = 2
    """Networks with random weights per pooling and seed."""
    random_images: Annotated[int, Field(ge=10, le=60_000)] = 50
    """Test images that they see moved, at most all that are split_of."""
    moved_images: Annotated[int, Field(ge=10, le=60_000)] = 50
    """Test images that trained networks see moved, at most all that are split_of."""
    shifts: Annotated[tuple[Annotated[int, Field(ge=1, le=1000)], ...], Field(min_length=1)] = (1, 2)
    """Pixels to the right, from the mildest."""
    rotations: Annotated[tuple[Annotated[float, Field(gt=0, le=180)], ...], Field(min_length=1)] = (10.0, 45.0)
    """Degrees to the left, from the mildest."""
    scales: Annotated[tuple[Annotated[float, Field(ge=0.1, le=10)], ...], Field(min_length=1)] = (0.9, 0.6)
    """Factors, from the mildest."""
    law_trials: Annotated[int, Field(ge=1, le=10_000)] = 3
    """Random maps on which the laws are tried."""

    def __post_init__(self) -> None:
        if self.stride > 2 * self.kernel:
            raise ValueError(f"stride: expected at most twice the kernel, {2 * self.kernel}, got {self.stride}")

    @property
    def moves(self) -> list[Move]:
        """Every transformation with its amounts, from the mildest."""
        amounts: dict[Transformation, tuple[float, ...]]
        amounts = {"shift": tuple(map(float, self.shifts)), "rotate": self.rotations, "scale": self.scales}
        return [(by, amount) for by, of_kind in amounts.items() for amount in of_kind]


class Networks(Images[Params]):
    """The networks, each arm tuned and trained once, whichever part asks first, and the moved images."""

    falls = True

    @property
    def window(self) -> Window:
        from experiments.cnn.core.pooling import Window

        return Window(self.params.kernel, self.params.stride, self.params.pad)

    def build(self, kind: Kind, widths: Widths | None = None) -> PoolingNetwork:
        """A network from torch's global random state."""
        from experiments.cnn.core.pooling_network import POOLED_WIDTHS, PoolingNetwork

        return PoolingNetwork(kind, self.split.shape, self.split.classes, self.window, widths or POOLED_WIDTHS)

    def random(self, kind: Kind) -> Iterator[PoolingNetwork]:
        """Networks whose weights are those of every other pooling."""
        from experiments.foundation.networks.timing import reproducible

        for draw in range(self.params.random_networks):
            with reproducible(1000 * self.seed + draw):
                yield self.build(kind)

    @property
    def arms(self) -> dict[str, tuple[Kind, Widths | None]]:
        """Every pooling, and the rivals without pooling, by name."""
        from experiments.cnn.core.pooling_network import unpooled_widths

        pooled: dict[str, tuple[Kind, Widths | None]] = {k: (k, None) for k in self.params.kinds if k != "none"}
        if "none" not in self.params.kinds:
            return pooled
        form = (self.split.shape, self.split.classes, self.window)
        rivals = {EQUAL_FLOPS: unpooled_widths(*form, "macs"), EQUAL_PARAMETERS: unpooled_widths(*form, "parameters")}
        return pooled | {name: ("none", widths) for name, widths in rivals.items()}

    @once
    def tuned(self, arm: str) -> TunedNetworks[PoolingNetwork]:
        """The arm at every learning rate."""
        from experiments.cnn.core.pooling_network import PoolingMembers

        return self.trained(partial(self.build, *self.arms[arm]), PoolingMembers)

    @once
    def stays_in_tuned(self, arm: str) -> dict[Move, Stays]:
        """What stays in the network that validation chose; a diverged one keeps predictions by chance."""
        from experiments.cnn.core.invariance import Stays
        from experiments.cnn.core.pooling_network import PoolingMembers

        fit, network = self.tuned(arm).best
        chance = 1 / self.split.classes
        if fit.diverged:
            by_chance = Stays(invariance=0.0, feature_cosine=0.0, agreement=chance, agreement_when_correct=chance)
            return dict.fromkeys(self.params.moves, by_chance)
        return self.stays(PoolingMembers([network]), self.params.moved_images)

    def stays(self, networks: PoolingMembers, count: int) -> dict[Move, Stays]:
        """Mean scores of the networks on the first ``count`` test images, moved in every way."""
        import torch

        from experiments.cnn.core.invariance import features_of, what_stays
        from experiments.foundation.networks.timing import one_thread

        test = self.split.test.first(count)
        with one_thread(), torch.no_grad():
            features = features_of(networks, test.inputs)
            return {
                move: what_stays(networks, features, features_of(networks, images[:count]), test.labels)
                for move, images in self.moved().items()
            }

    @once
    def moved(self) -> dict[Move, torch.Tensor]:
        """The test images (n, c, h, w) that are needed moved in every way."""
        from experiments.cnn.core.invariance import transform

        params = self.params
        images = self.split.test.first(max(params.moved_images, params.random_images)).inputs
        return {move: transform(images, *move, params.pad) for move in params.moves}


def prepare(params: Params, seed: int) -> Networks:
    split, note = split_of(params, seed)
    networks = Networks(params=params, seed=seed, split=split, notes=(note,))
    try:
        for kind in params.kinds:
            networks.build(kind)
    except ValueError as error:
        raise InputError(str(error)) from error
    return networks
