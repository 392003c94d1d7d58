"""How well a mask of pixels meets its target: overlap, overlap at the edge, and the threshold of the best masks.

Masks are boolean (n, ...): all axes but the first are the image. ValueError for shapes that differ and for what is not
boolean.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def dice_score(predicted: Tensor, targets: Tensor) -> Tensor:
    """2 TP / (2 TP + FP + FN) (n,) of boolean masks (n, ...): F1 over the pixels.

    1 where both are empty; scikit-learn's f1_score says 0 there by default.

    >>> dice_score(torch.tensor([[True, True, False]]), torch.tensor([[True, False, False]]))
    tensor([0.6667])
    """
    p, t = _masks(predicted, targets)
    sizes = p.sum(1) + t.sum(1)
    return torch.where(sizes > 0, 2 * (p & t).sum(1) / sizes.clamp_min(1), 1.0)


def iou_score(predicted: Tensor, targets: Tensor) -> Tensor:
    """TP / (TP + FP + FN) (n,) of boolean masks (n, ...), Jaccard's index; 1 where both are empty.

    >>> iou_score(torch.tensor([[True, True, False]]), torch.tensor([[True, False, False]]))
    tensor([0.5000])
    """
    p, t = _masks(predicted, targets)
    union = (p | t).sum(1)
    return torch.where(union > 0, (p & t).sum(1) / union.clamp_min(1), 1.0)


def boundary(masks: Tensor) -> Tensor:
    """Pixels of boolean masks (n, 1, h, w) within one pixel of their edge, on either side.

    >>> boundary(torch.tensor([[[[True, True, True, False, False]]]])).int()
    tensor([[[[0, 0, 1, 1, 0]]]], dtype=torch.int32)
    """
    near = functional.max_pool2d(masks.float(), 3, 1, 1)
    far = -functional.max_pool2d(-masks.float(), 3, 1, 1)
    return near > far


def boundary_iou(predicted: Tensor, masks: Tensor) -> float:
    """IoU of boolean predictions and masks (n, 1, h, w) inside the boundary zone of the masks, all images together.

    It does not see false alarms far from any edge: keep ``dice_score`` beside it.

    >>> mask = torch.tensor([[[[True, True, True, False, False]]]])
    >>> boundary_iou(mask.roll(1), mask)
    0.5
    """
    zone = boundary(masks)
    both, either = (predicted & masks & zone).sum(), ((predicted | masks) & zone).sum()
    return (both / either.clamp_min(1)).item()


def best_threshold(logits: Tensor, masks: Tensor) -> tuple[Tensor, float]:
    """The threshold () of logits (n, ...), out of 25 from -4 to 2, with the highest mean Dice, and that Dice.

    >>> best_threshold(torch.tensor([[-3.0, -1.0, 0.5]]), torch.tensor([[False, True, True]]))
    (tensor(-3.), 1.0)
    """
    thresholds = torch.linspace(-4, 2, 25, device=logits.device)
    scores = torch.stack([dice_score(logits > threshold, masks).mean() for threshold in thresholds])
    return thresholds[scores.argmax()], scores.max().item()


def check_shapes(first: Tensor, second: Tensor) -> None:
    """Raises ValueError for images (n, ...) of different shapes."""
    if first.shape != second.shape or first.ndim < 2:
        raise ValueError(f"expected images (n, ...) of one shape, got {tuple(first.shape)} and {tuple(second.shape)}")


def _masks(predicted: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Both as (n, pixels)."""
    check_shapes(predicted, targets)
    if predicted.dtype != torch.bool or targets.dtype != torch.bool:
        raise ValueError(f"expected boolean masks, got {predicted.dtype} and {targets.dtype}; compare with a threshold")
    return predicted.flatten(1), targets.flatten(1)
