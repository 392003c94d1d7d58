"""What arch.unet can be asked, its scenes, and the networks that are trained on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from torch import Tensor, nn

    from experiments.foundation.networks.tuned_networks import Members

    Pictures = tuple[Tensor, Tensor]  # images (n, 1, size, size), masks (n, 1, size, size)

CONTRASTS = {"faint": (0.2, 0.35), "strong": (0.35, 0.5)}
"""Least and most by which ink differs from what it covers."""
YOURS = "as it is"
"""The contrast of a user's pictures."""
HALF, FULL = "half", "full"
UNET, NO_SKIPS, FLAT = "U-Net", "without skips", "without descent"


@parameters
class Params:
    dataset: GrayImageSetName = "digits"
    """Digits to ink; auto is MNIST where it is present or can be fetched, else digits."""
    images: Path | None = None
    """Folder of PNG files of yours, measured once instead of the scenes: left halves train, the last quarters test."""
    masks: Path | None = None
    """Folder of a PNG of the same name for each of them, light where the object is."""
    size: Annotated[int, Field(ge=16, le=256, multiple_of=8)] = 16
    """Pixels per side of a scene."""
    width: Annotated[int, Field(ge=1, le=64)] = 4
    """Channels of the first level; the network without skips gets one more, that it is not the smaller one."""
    levels: Annotated[int, Field(ge=1, le=3)] = 1
    """Halvings of the image on the way down."""
    flat_width: Annotated[int, Field(ge=1, le=128)] | None = None
    """Channels of the network without descent; null: as many as the first level's."""
    train: Annotated[int, Field(ge=8, le=50_000)] = 32
    """Scenes to train on."""
    test: Annotated[int, Field(ge=8, le=5000)] = 16
    """Scenes of each contrast for validation, and as many for test."""
    batch_size: Annotated[int, Field(ge=1, le=256)] = 8
    """Scenes of an update."""
    steps: Annotated[int, Field(ge=4, le=100_000)] = 20
    """Updates of the full budget."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=1)] = (1e-2,)
    """Learning rates of Adam that every network tries for a quarter of its updates; the best one goes on."""

    @property
    def is_own(self) -> bool:
        """Whether the pictures are the user's."""
        return self.images is not None


@dataclass(frozen=True, kw_only=True)
class Data:
    """Scenes for every purpose."""

    train: Pictures
    validation: Pictures
    tests: Mapping[str, Pictures]
    """Contrast -> scenes."""


@dataclass(frozen=True, kw_only=True)
class Trained:
    """One architecture at the rate that it got."""

    network: nn.Module
    tried: Mapping[float, float]
    """Rate -> validation Dice after a quarter of the updates."""
    lr: float
    """The best of them."""
    logits: Mapping[str, tuple[Tensor, ...]]
    """Budget -> logits (n, 1, size, size) of the validation scenes, then of each test."""


@dataclass(frozen=True, kw_only=True)
class Scenes(Setup[Params]):
    """Scenes, and networks that are trained once, whichever part asks first."""

    data: Data
    source: str
    """What the images are."""

    @property
    def architectures(self) -> Mapping[str, Callable[[], nn.Module]]:
        """Name -> an untrained network."""
        from experiments.arch.core.tiling import flat_network
        from experiments.foundation.architectures.unet import UNet

        params = self.params
        width, depth = params.width, params.levels
        return {
            UNET: lambda: UNet(1, 1, width=width, depth=depth),
            NO_SKIPS: lambda: UNet(1, 1, width=width + 1, depth=depth, skips=False),
            FLAT: lambda: flat_network(params.flat_width or width, 2 * (2 * depth + 1)),
        }

    @once
    def trained(self, name: str) -> Trained:
        """Every rate for a quarter of the updates, side by side; the one that validation likes best goes on alone.

        Its rate is constant up to half of the updates and then falls to 0. All start alike, on the same scenes.
        """
        import torch

        from experiments.foundation.architectures.unet import he_weights
        from experiments.foundation.networks.scores.mask_scores import best_threshold
        from experiments.foundation.networks.timing import reproducible
        from experiments.foundation.networks.tuned_networks import Members

        params, validation = self.params, self.data.validation
        with reproducible(self.seed):
            network = he_weights(self.architectures[name]())
            tried, short, half = Members([network] * len(params.lrs)), max(params.steps // 4, 1), params.steps // 2
            self._train(tried, params.lrs, [1.0] * short, 0)
            dice = [
                best_threshold(one.reshape(1, -1), validation[1].reshape(1, -1))[1] for one in read(tried, validation)
            ]
            best = dice.index(max(dice))
            alone, rate, logits = Members([tried.member(best)]), params.lrs[best : best + 1], {}
            self._train(alone, rate, [1.0] * (half - short), short)
            for budget, falling in ((HALF, False), (FULL, True)):
                if falling:
                    self._train(alone, rate, torch.linspace(1, 0, params.steps - half + 1)[:-1].tolist(), half)
                parts = (validation, *self.data.tests.values())
                logits[budget] = tuple(read(alone, part)[0] for part in parts)
        return Trained(
            network=alone.member(0), tried=dict(zip(params.lrs, dice, strict=True)), lr=rate[0], logits=logits
        )

    def _train(self, networks: Members[nn.Module], lrs: Sequence[float], shares: Sequence[float], after: int) -> None:
        """One update per share of the rates, on the scenes that come after the first ``after`` batches."""
        import torch
        from torch.nn.functional import binary_cross_entropy_with_logits

        from experiments.foundation.networks.batches import full_batches
        from experiments.foundation.networks.side_by_side import FlatAdam

        (images, masks), order = self.data.train, torch.Generator().manual_seed(self.seed)
        adam, rates = FlatAdam(networks), torch.tensor(lrs)
        batches = full_batches(len(images), self.params.batch_size, after + len(shares), order)
        for share, chosen in zip(shares, islice(batches, after, None), strict=True):
            found = networks(images[chosen])
            targets = masks[chosen].float().expand_as(found)
            losses = binary_cross_entropy_with_logits(found, targets, reduction="none").flatten(1).mean(1)
            losses.sum().backward()  # members share no number
            adam.update(share * rates)


def read(networks: Members[nn.Module], pictures: Pictures, batch_size: int = 100) -> Tensor:
    """Logits (members, n, 1, size, size); a diverged network says 0 everywhere."""
    import torch

    with torch.no_grad():
        return torch.cat([networks(part) for part in pictures[0].split(batch_size)], dim=1).nan_to_num(0)


def prepare(params: Params, seed: int) -> Scenes:
    """The user's pictures, or digits over photographs.

    Raises:
        InputError: pictures without masks, or masks without pictures.
    """
    if (params.images is None) != (params.masks is None):
        lacking = "masks" if params.masks is None else "images"
        raise InputError(
            f"{lacking}=DIR is missing: pictures of yours are measured by images=DIR and masks=DIR together"
        )
    if params.images is not None and params.masks is not None:
        from experiments.arch.unet.own import read_pairs, scenes_of

        pairs = read_pairs(params.images, params.masks, params.size)
        train, validation, test = scenes_of(pairs, size=params.size, train=params.train, seed=seed)
        data = Data(train=train, validation=validation, tests={YOURS: test})
        return Scenes(params=params, seed=seed, data=data, source=f"{len(pairs)} pictures of {params.images}")
    return _inked_scenes(params, seed)


def _inked_scenes(params: Params, seed: int) -> Scenes:
    """Training images' digits over the photographs' left halves to learn from, test images' over the right halves."""
    import torch

    from experiments.arch.core.inked import inked
    from experiments.foundation.datasets.images import load_images, load_photo

    digits, rng = load_images(params.dataset, seed=seed), torch.Generator().manual_seed(seed)
    photos = [torch.from_numpy(load_photo(name).mean(2) / 255).float() for name in ("china", "flower")]
    middle = min(photo.shape[1] for photo in photos) // 2

    def drawn(digits: Tensor, n: int, contrasts: Mapping[str, tuple[float, float]], *, right: bool) -> Pictures:
        sides = [photo[:, middle:] if right else photo[:, :middle] for photo in photos]
        parts = [(side, contrast) for side in sides for contrast in contrasts.values()]
        pictured = [inked(digits, side, -(-n // len(parts)), params.size, contrast, rng) for side, contrast in parts]
        images, masks = zip(*pictured, strict=True)
        return torch.cat(images), torch.cat(masks)

    ink, held = (torch.from_numpy(part) / digits.max_value for part in (digits.train_images, digits.test_images))
    data = Data(
        train=drawn(ink, params.train, CONTRASTS, right=False),
        validation=drawn(ink, 2 * params.test, CONTRASTS, right=False),
        tests={name: drawn(held, params.test, {name: of}, right=True) for name, of in CONTRASTS.items()},
    )
    share = data.train[1].float().mean().item()
    about = (
        f"digits inked over scikit-learn's photographs china and flower, {params.size} x {params.size} pixels, "
        f"{100 * share:.1f} % of them ink"
    )
    return Scenes(params=params, seed=seed, notes=(digits.description, about), data=data, source=digits.name)
