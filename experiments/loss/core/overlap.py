"""Soft overlap of a predicted mask with its target, per image; the scores that it stands for are foundation's.

Probabilities p in [0, 1] and targets t in {0, 1} (n, ...): all axes but the first are the image. ``smooth`` is added
to numerator and denominator, so that two empty masks agree fully; it rules where masks are small. Every loss is 1
minus the overlap, in [0, 1], in float32 at least. Raises ValueError for shapes that differ.
Sources: Milletari et al.: V-Net, 3DV 2016 (Dice with squares in the denominator); Sudre et al.: Generalised Dice, 2017;
Salehi et al.: Tversky loss, 2017; Rahman, Wang: Optimizing Intersection-Over-Union, 2016.
"""

from __future__ import annotations

import torch
from torch import Tensor

from experiments.foundation.networks.scores.mask_scores import check_shapes


def soft_dice(probabilities: Tensor, targets: Tensor, *, smooth: float = 1.0, squares: bool = False) -> Tensor:
    """1 - (2 sum p t + s) / (sum p + sum t + s) (n,) of probabilities and targets (n, ...).

    With ``squares`` sum p^2 + sum t^2 stands below, as V-Net has it; without, as Sudre et al. have it.

    >>> half, mask = torch.full((1, 2, 2), 0.5), torch.eye(2)[None]
    >>> soft_dice(half, mask, smooth=0.0), soft_dice(half, mask, smooth=0.0, squares=True)
    (tensor([0.5000]), tensor([0.3333]))
    """
    p, t = _numbers(probabilities, targets)
    sizes = (p.square() + t.square()).sum(1) if squares else (p + t).sum(1)
    return 1 - (2 * (p * t).sum(1) + smooth) / (sizes + smooth)


def tversky(
    probabilities: Tensor, targets: Tensor, *, alpha: float = 0.5, beta: float = 0.5, smooth: float = 1.0
) -> Tensor:
    """1 - (TP + s) / (TP + alpha FP + beta FN + s) (n,) of probabilities and targets (n, ...), with soft counts
    TP = sum p t, FP = sum p (1 - t), FN = sum (1 - p) t.

    Alpha = beta = 1 is soft IoU; 1/2 is soft Dice with half its ``smooth``. Some implementations let alpha weigh FN.

    >>> tversky(torch.full((1, 2, 2), 0.5), torch.eye(2)[None], alpha=0.3, beta=0.7, smooth=0.0)
    tensor([0.5000])
    """
    p, t = _numbers(probabilities, targets)
    found = (p * t).sum(1)
    wrong, missed = (p * (1 - t)).sum(1), ((1 - p) * t).sum(1)
    return 1 - (found + smooth) / (found + alpha * wrong + beta * missed + smooth)


def soft_iou(probabilities: Tensor, targets: Tensor, *, smooth: float = 1.0) -> Tensor:
    """1 - soft intersection over union (n,) of probabilities and targets (n, ...).

    >>> soft_iou(torch.full((1, 2, 2), 0.5), torch.eye(2)[None], smooth=0.0)  # 1 - 1 / (1 + 1 + 1)
    tensor([0.6667])
    """
    return tversky(probabilities, targets, alpha=1.0, beta=1.0, smooth=smooth)


def pixel_dice(probability: Tensor, target: Tensor) -> Tensor:
    """D = 2 p t / (p^2 + t^2), elementwise: V-Net's Dice of a single pixel, probability and target of one shape.

    >>> pixel_dice(torch.tensor(0.5), torch.tensor(1.0))
    tensor(0.8000)
    """
    return 2 * probability * target / (probability.square() + target.square())


def pixel_dice_slope(probability: Tensor, target: Tensor) -> Tensor:
    """dD/dp = 2 t (t^2 - p^2) / (p^2 + t^2)^2, elementwise; at t = 2 p it is 0.48 / p.

    >>> pixel_dice_slope(torch.tensor(0.01), torch.tensor(0.02))
    tensor(48.0000)
    """
    return 2 * target * (target**2 - probability**2) / (probability**2 + target**2) ** 2


def _numbers(probabilities: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Both as (n, pixels) in float32 at least: sums of half precision end at 65504, those of bytes wrap around."""
    check_shapes(probabilities, targets)
    p, t = (part.flatten(1).to(torch.promote_types(part.dtype, torch.float32)) for part in (probabilities, targets))
    return p, t
