"""Small U-Nets trained side by side, each with its own loss, learning rate and skips.

A U-Net of two levels marks pixels of gray images. All members see the same images in the same order; their channels lie
beside each other, so that one grouped convolution serves all of them. Adam, without decay.
Source of the network: Ronneberger et al.: U-Net, MICCAI 2015; of the update: Kingma, Ba: Adam, ICLR 2015.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from experiments.foundation.networks.ensemble import Member, own_losses
from experiments.foundation.networks.side_by_side import MemberAdam


class UNets:
    """U-Nets of ``width`` channels; ``skips`` tells which members see the way down on their way up.

    Weights are (members, out, in, 3, 3) and biases (members, out), drawn as torch draws those of a convolution;
    members with the same start begin equal.
    """

    def __init__(self, members: Sequence[Member], skips: Sequence[bool], width: int, rng: torch.Generator) -> None:
        self.members = tuple(members)
        self._open = torch.tensor(skips).float().reshape(-1, 1, 1, 1)
        starts = max(member.start for member in members) + 1
        which = torch.tensor([member.start for member in members])
        w = width
        self.weights: list[Tensor] = []
        for inputs, outputs, size in (
            (1, w, 3),
            (w, 2 * w, 3),
            (2 * w, 2 * w, 3),
            (4 * w, w, 3),
            (2 * w, w, 3),
            (w, 1, 1),
        ):
            bound = (inputs * size**2) ** -0.5
            for shape in ((outputs, inputs, size, size), (outputs,)):
                drawn = bound * (2 * torch.rand(starts, *shape, generator=rng) - 1)
                self.weights.append(drawn[which].requires_grad_())
        self._optimizer = MemberAdam(self.weights, [member.lr for member in members])

    def logits(self, images: Tensor) -> Tensor:
        """(members, n, h, w) for images (n, 1, h, w), h and w multiples of 4."""
        outer = self._convolve(0, images, shared=True).relu()
        inner = self._convolve(1, functional.max_pool2d(outer, 2)).relu()
        bottom = self._convolve(2, functional.max_pool2d(inner, 2)).relu()
        up = self._convolve(3, self._joined(bottom, inner)).relu()
        up = self._convolve(4, self._joined(up, outer)).relu()
        return self._convolve(5, up).transpose(0, 1)

    def losses(self, images: Tensor, masks: Tensor) -> Tensor:
        """Mean loss (members,) for images and masks (n, 1, h, w)."""
        logits = self.logits(images)
        return own_losses(self.members, logits, masks[:, 0].expand_as(logits))

    def gradients(self, images: Tensor, masks: Tensor) -> tuple[Tensor, ...]:
        """Every member's gradient (members, ...) of its own loss, shaped like ``weights``: members share no weight."""
        return torch.autograd.grad(self.losses(images, masks).sum(), self.weights)

    def update(self, images: Tensor, masks: Tensor) -> None:
        """One step of Adam for every member, on images and masks (n, 1, h, w)."""
        self._optimizer.step(self.gradients(images, masks))

    def _convolve(self, layer: int, hidden: Tensor, *, shared: bool = False) -> Tensor:
        """Channels (n, members * out, h, w); ``shared`` if all members read the same channels."""
        kernel, bias = self.weights[2 * layer], self.weights[2 * layer + 1]
        groups = 1 if shared else len(self.members)
        padding = kernel.shape[-1] // 2
        return functional.conv2d(hidden, kernel.flatten(0, 1), bias.flatten(), padding=padding, groups=groups)

    def _joined(self, below: Tensor, beside: Tensor) -> Tensor:
        """``below`` at twice its size, each member's channels of ``beside`` after its own; zeros without skips."""
        members = len(self.members)
        wide = functional.interpolate(below, scale_factor=2.0, mode="nearest").unflatten(1, (members, -1))
        return torch.cat([wide, beside.unflatten(1, (members, -1)) * self._open], 2).flatten(1, 2)


def gradient_snr(networks: UNets, images: Tensor, masks: Tensor, batch: int) -> Tensor:
    """|mean|^2 / trace of the covariance (members,) of the gradients of n whole batches of images and masks
    (., 1, h, w); the mean's own noise adds 1 / n to its expectation."""
    batches = zip(*(side[: len(side) // batch * batch].split(batch) for side in (images, masks)), strict=True)
    gradients = torch.stack([torch.cat([g.flatten(1) for g in networks.gradients(x, t)], 1) for x, t in batches])
    mean, variance = gradients.mean(0), gradients.var(0).sum(1)
    return mean.square().sum(1) / variance.clamp_min(1e-30)
