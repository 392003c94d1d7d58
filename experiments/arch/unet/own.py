"""Pictures of the user's with their masks: PNG files of equal names in two folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from experiments.lab.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    Pictures = tuple[Tensor, Tensor]


def read_pairs(images: Path, masks: Path, size: int) -> list[tuple[Tensor, Tensor]]:
    """Gray pictures (1, h, w) in [0, 1] and boolean masks of the same shape, by name.

    Raises:
        InputError: folders without PNG files, names without a partner, sides that differ or are too small for scenes of
            ``size``, a mask without any object.
    """
    import torch

    names = [{path.name for path in folder.glob("*.[pP][nN][gG]")} for folder in (images, masks)]
    problems = [
        f"{key}={folder}: expected a folder with PNG files, found none there"
        for key, folder, found in zip(("images", "masks"), (images, masks), names, strict=True)
        if not found
    ]
    if not problems:
        problems = [
            f"{images / name} has no mask {masks / name}; add it, or move the picture"
            for name in sorted(names[0] - names[1])
        ]
        problems += [
            f"{masks / name} has no picture {images / name}; add it, or move the mask"
            for name in sorted(names[1] - names[0])
        ]
    pairs = []
    for name in [] if problems else sorted(names[0]):
        picture, mask = (read_gray(folder / name) for folder in (images, masks))
        problems += [f"{images / name}: {fault}" for fault in _faults(picture, mask, size)]
        pairs.append((torch.from_numpy(picture)[None], torch.from_numpy(mask > mask.max() / 2)[None]))
    if problems:
        raise InputError(*problems)
    return pairs


def read_gray(path: Path) -> NDArray[np.float32]:
    """A PNG file (h, w) in [0, 1]; colors become their luminance, sixteen bits stay what they are.

    Raises:
        InputError: no PNG file.
    """
    import numpy as np
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as image:
            deep = image.mode.startswith("I")
            gray = np.asarray(image if deep else image.convert("L"), dtype=np.float32)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{path}: expected a PNG file, {type(error).__name__}: {error}") from None
    return gray / np.float32(65535 if deep else 255)


def _faults(picture: NDArray[np.float32], mask: NDArray[np.float32], size: int) -> list[str]:
    height, width = picture.shape
    if picture.shape != mask.shape:
        return [f"{width} x {height} pixels, its mask has {mask.shape[1]} x {mask.shape[0]}; expected one size"]
    if height < size or width < 4 * size:
        return [f"{width} x {height} pixels, expected at least {4 * size} x {size}; take a smaller size than {size}"]
    return [] if mask.max() > 0 else ["its mask is black everywhere; expected light pixels where the object is"]


def scenes_of(
    pairs: Sequence[tuple[Tensor, Tensor]], *, size: int, train: int, seed: int
) -> tuple[Pictures, Pictures, Pictures]:
    """Random crops of the left halves to train on, tiles of the third quarters for validation, of the last for test."""
    import torch

    from experiments.arch.core.inked import crops

    rng = torch.Generator().manual_seed(seed)
    both = [torch.cat([picture, mask.float()]) for picture, mask in pairs]
    each = -(-train // len(both))
    learned = torch.cat([crops(one[..., : one.shape[2] // 2], each, size, rng) for one in both])

    def quarter(third: int) -> Pictures:
        parts = [one[..., third * one.shape[2] // 4 : (third + 1) * one.shape[2] // 4] for one in both]
        return _halves(torch.cat([tiles(part, size) for part in parts]))

    return _halves(learned), quarter(2), quarter(3)


def tiles(picture: Tensor, size: int) -> Tensor:
    """A picture (channels, h, w) cut into whole squares (n, channels, size, size), from the upper left.

    >>> import torch
    >>> tiles(torch.zeros(2, 9, 13), 4).shape
    torch.Size([6, 2, 4, 4])
    """
    cut = picture.unfold(1, size, size).unfold(2, size, size)
    return cut.flatten(1, 2).transpose(0, 1)


def _halves(both: Tensor) -> Pictures:
    return both[:, :1].contiguous(), both[:, 1:] > 0.5
