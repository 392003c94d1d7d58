"""What loss.dice can be asked, and the U-Nets that its parts look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    ImageLoss = Callable[[Tensor, Tensor], Tensor]  # logits and masks (n, 1, h, w) -> losses (n,)

BATCH = 8
DEPTH = 2
"""Levels below the first."""
WARM_UP = 0.1
"""Share of the updates in which the learning rate rises: full first steps can switch off all that finds rare discs."""
SNR_READINGS, SNR_APART = 6, 4
"""How often the steadiness of gradients is read at the end of training, and how many steps lie between."""
LossName = Literal["ce", "wce", "dice", "iou", "ce_dice"]
Network = Literal["unet", "unet_noskip"]


@parameters
class Params:
    size: Annotated[int, Field(ge=16, le=256, multiple_of=4)] = 16
    """Pixels per side of a picture."""
    images: Annotated[int, Field(ge=16, le=10_000)] = 16
    """Pictures for training and for validation; twice as many for test."""
    fg: Annotated[float, Field(gt=0, le=0.5)] = 0.03
    """Share of a picture that the disc covers where it is rare."""
    balanced_fg: Annotated[float, Field(gt=0, le=0.5)] | None = None
    """The share for the balanced condition, which trains ce and dice; no such condition without it."""
    losses: Annotated[tuple[LossName, ...], Field(min_length=1)] = ("ce", "dice")
    """Losses to train where the disc is rare; the claims need ce and dice."""
    smooth: Annotated[float, Field(gt=0)] = 1.0
    """Added to numerator and denominator of Dice and IoU, in pixels."""
    nets: Annotated[tuple[Network, ...], Field(min_length=1)] = ("unet", "unet_noskip")
    """Networks; the one without skips is trained by dice where the disc is rare."""
    width: Annotated[int, Field(ge=1, le=128)] = 4
    """Channels of the first level."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0)], ...], Field(min_length=1)] = (1e-2,)
    """Learning rates of Adam that every loss tries."""
    steps: Annotated[int, Field(ge=3, le=100_000)] = 15
    """Updates of 8 images; the short budget is a third."""


@dataclass(frozen=True)
class Arm:
    """One network with its loss and learning rate."""

    network: Network
    loss: LossName
    lr: float


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The networks of one condition at two budgets."""

    arms: list[Arm]
    validation_masks: Tensor
    """(n, h, w), boolean like those for test."""
    test_masks: Tensor
    logits: dict[int, tuple[Tensor, ...]]
    """Step -> logits (arms, n, h, w) of validation and of test images."""
    gradient_snr: list[float]
    """At the end, by arm."""


class Discs(Setup[Params]):
    """U-Nets trained side by side, once per condition."""

    def generator(self) -> torch.Generator:
        """Random numbers of one part or condition."""
        import torch

        return torch.Generator().manual_seed(self.seed)

    def shares(self) -> dict[str, float]:
        """Condition -> share of a picture that the disc covers."""
        balanced = self.params.balanced_fg
        return {"rare": self.params.fg} | ({} if balanced is None else {"balanced": balanced})

    def arms(self, condition: str) -> list[Arm]:
        """Losses by learning rates; where the disc is rare dice also trains the network without skips."""
        params = self.params
        losses: tuple[LossName, ...] = params.losses if condition == "rare" else ("ce", "dice")
        kinds: list[tuple[Network, LossName]] = [("unet", loss) for loss in losses if "unet" in params.nets]
        kinds += [("unet_noskip", "dice")] if condition == "rare" and "unet_noskip" in params.nets else []
        return [Arm(network, loss, lr) for network, loss in kinds for lr in params.lrs]

    @once
    def trained(self, condition: str) -> Trained:
        """All arms from the same weights and on the same images in the same order, so that they are paired."""
        import torch

        from experiments.loss.core.segments import pictures

        params, share, rng = self.params, self.shares()[condition], self.generator()
        sizes = (params.images, params.images, 2 * params.images)
        parts = [pictures(n, params.size, share, rng) for n in sizes]
        arms = self.arms(condition)
        kinds = [
            self._train([arm for arm in arms if arm.network == network], image_losses(params.smooth, share), parts)
            for network in dict.fromkeys(arm.network for arm in arms)
        ]
        logits, steady = zip(*kinds, strict=True)
        return Trained(
            arms=arms,
            validation_masks=parts[1][1][:, 0] > 0.5,
            test_masks=parts[2][1][:, 0] > 0.5,
            logits={
                step: tuple(map(torch.cat, zip(*(one[step] for one in logits), strict=True))) for step in logits[0]
            },
            gradient_snr=torch.cat(steady).tolist(),
        )

    def _train(
        self, arms: Sequence[Arm], losses: Mapping[LossName, ImageLoss], parts: Sequence[tuple[Tensor, Tensor]]
    ) -> tuple[dict[int, tuple[Tensor, ...]], Tensor]:
        """Arms of one network, side by side: logits of validation and test by step, and steadiness (arms,)."""
        import torch

        from experiments.foundation.architectures.unet import UNet, he_weights
        from experiments.foundation.networks.batches import drawn_batches
        from experiments.foundation.networks.ensemble import Member, own_losses
        from experiments.foundation.networks.schedules import lr_factor
        from experiments.foundation.networks.side_by_side import FlatAdam
        from experiments.foundation.networks.timing import reproducible
        from experiments.foundation.networks.tuned_networks import Members
        from experiments.loss.core.steadiness import gradient_snr

        params, (images, masks), members = self.params, parts[0], [Member(losses[arm.loss], arm.lr) for arm in arms]

        def own(images: Tensor, masks: Tensor) -> Tensor:
            found = networks(images)[:, :, 0]
            return own_losses(members, found, masks[:, 0].expand_as(found))

        with reproducible(self.seed):
            first = he_weights(UNet(1, 1, width=params.width, depth=DEPTH, skips=arms[0].network == "unet"))
            networks = Members([first] * len(arms))
            adam, rates = FlatAdam(networks), torch.tensor([arm.lr for arm in arms])
            logits, steady, last = {}, [], params.steps
            for step, chosen in enumerate(drawn_batches(params.images, BATCH, last, self.generator()), start=1):
                own(images[chosen], masks[chosen]).sum().backward()  # members share no number
                adam.update(rates * lr_factor("constant", step / last, warmup=WARM_UP))
                if step in range(last, 0, -SNR_APART)[:SNR_READINGS]:
                    batches = zip(whole_batches(images), whole_batches(masks), strict=True)
                    steady.append(gradient_snr(own, networks.weights, batches).log())
                if step in (max(last // 3, 1), last):
                    with torch.no_grad():
                        logits[step] = tuple(networks(part[0])[:, :, 0] for part in parts[1:])
        return logits, torch.stack(steady).mean(0).exp()

    def all_trained(self) -> Iterator[tuple[str, Trained]]:
        """Condition by condition, those without arms left out."""
        for condition in self.shares():
            if self.arms(condition):
                yield condition, self.trained(condition)


def whole_batches(images: Tensor) -> tuple[Tensor, ...]:
    """Batches of images (n, ...), without those that are left over."""
    return images[: len(images) // BATCH * BATCH].split(BATCH)


def image_losses(smooth: float, foreground: float) -> dict[LossName, ImageLoss]:
    """Losses per image; "wce" weighs the foreground by the number of background pixels per pixel of it."""
    from experiments.foundation.networks.scores.binary_losses import binary_cross_entropy
    from experiments.loss.core.overlap import soft_dice, soft_iou

    def cross_entropy(logits: Tensor, masks: Tensor, weight: float = 1.0) -> Tensor:
        return binary_cross_entropy(logits, masks, positive_weight=weight).flatten(1).mean(1)

    def dice(logits: Tensor, masks: Tensor) -> Tensor:
        return soft_dice(logits.sigmoid(), masks, smooth=smooth)

    return {
        "ce": cross_entropy,
        "wce": partial(cross_entropy, weight=(1 - foreground) / foreground),
        "dice": dice,
        "iou": lambda logits, masks: soft_iou(logits.sigmoid(), masks, smooth=smooth),
        "ce_dice": lambda logits, masks: cross_entropy(logits, masks) + dice(logits, masks),
    }


def prepare(params: Params, seed: int) -> Discs:
    return Discs(params=params, seed=seed)
