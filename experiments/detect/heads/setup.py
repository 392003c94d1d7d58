"""What detect.heads can be asked, and its pictures: scenes of digits, or photographs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Field

from experiments.lab.errors import InputError, meant
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from experiments.detect.core.detectors.pictures import Pictures

DIGITS = ("auto", "digits", "mnist")
PHOTOS = ("bccd",)
SPARSE_OVERLAP = 0.15
Arm = Literal["grid", "plain", "many", "set", "fixed"]
Scenes = Literal["sparse", "crowded", "photographs"]


@parameters
class Params:
    dataset: str = "digits"
    """digits, mnist or auto for scenes of handwritten digits; bccd, or voc:DIR for photographs of your own."""
    size: Annotated[int, Field(ge=32, le=512, multiple_of=8)] = 48
    """Pixels per side of a picture; photographs are scaled to it."""
    train_scenes: Annotated[int, Field(ge=1, le=1_000_000)] = 64
    """Scenes of digits for training."""
    test_scenes: Annotated[int, Field(ge=1, le=100_000)] = 32
    """Scenes of digits for test."""
    objects: Annotated[int, Field(ge=1, le=20)] = 3
    """Largest number of digits in a scene."""
    overlap: Annotated[float, Field(ge=0, le=1)] = 0.9
    """Largest area that two digits share in crowded scenes, in areas of the smaller one."""
    arms: Annotated[tuple[Arm, ...], Field(min_length=1)] = ("grid", "plain", "many", "set", "fixed")
    """Heads: a grid with focal loss, with plain cross-entropy, with many cells per object; a set matched by least cost,
    in fixed order."""
    crowded: bool = True
    """Whether grid and many are trained on crowded scenes of one class too, with half of the updates."""
    width: Annotated[int, Field(ge=16, le=1024, multiple_of=8)] = 32
    """Channels of the last convolutions, and of an answer."""
    queries: Annotated[int, Field(ge=1, le=1000)] = 8
    """Answers of the set; more where a picture has more objects."""
    decoder_layers: Annotated[int, Field(ge=1, le=12)] = 2
    """Layers of the set's decoder."""
    steps: Annotated[int, Field(ge=4, le=1_000_000)] = 30
    """Updates; the rate rises over a twentieth of them and falls to 0."""
    batch: Annotated[int, Field(ge=1, le=1024)] = 32
    """Pictures per update."""
    grid_lr: Annotated[float, Field(gt=0, le=1)] = 1.6e-2
    """Learning rate of Adam, of the grids; a pilot on two seeds chose it out of 4e-3, 8e-3, 1.6e-2 and 3.2e-2."""
    set_lr: Annotated[float, Field(gt=0, le=1)] = 2e-3
    """The same, of the sets, out of 1e-3, 2e-3 and 4e-3."""
    nms_iou: Annotated[float, Field(ge=0, le=1)] = 0.5
    """Overlap above which suppression takes the worse box."""
    score_floor: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Least score of a detection."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 5
    """Random instances of every law."""


class Pools(Setup[Params]):
    """Pictures for training and for test, made or read by the part that asks first."""

    @property
    def scenes(self) -> tuple[Scenes, ...]:
        """The kinds of pictures; the first is the one on which heads are compared."""
        if self.params.dataset not in DIGITS:
            return ("photographs",)
        return ("sparse", "crowded") if self.params.crowded else ("sparse",)

    @once
    def pictures(self, scenes: Scenes) -> tuple[Pictures, Pictures, int]:
        """For training and for test, and the number of classes."""
        return self._photos() if scenes == "photographs" else self._digits(scenes == "crowded")

    def _digits(self, crowded: bool) -> tuple[Pictures, Pictures, int]:
        """Test digits stand in test scenes only. In crowds all are of one class, so that neighbors suppress."""
        from experiments.detect.core.detectors.pictures import digit_scenes
        from experiments.foundation.datasets.images import load_images

        params, data = self.params, load_images(self.params.dataset, seed=self.seed)
        rng = np.random.default_rng([self.seed, crowded])
        train, test = (
            digit_scenes(
                (images / data.max_value).astype(np.float32),
                np.zeros_like(labels) if crowded else labels,
                n=n,
                size=params.size,
                objects=params.objects,
                overlap=params.overlap if crowded else SPARSE_OVERLAP,
                crowded=crowded,
                rng=rng,
            )
            for images, labels, n in (
                (data.train_images, data.train_labels, params.train_scenes),
                (data.test_images, data.test_labels, params.test_scenes),
            )
        )
        return train, test, 1 if crowded else len(data.classes)

    def _photos(self) -> tuple[Pictures, Pictures, int]:
        """Those for validation are trained on too: nothing is chosen by them."""
        import torch

        from experiments.detect.core.detectors.pictures import pack
        from experiments.foundation.datasets.voc_photos import load_photos

        photos = load_photos(self.params.dataset, self.params.size, seed=self.seed)
        images = (photos.images.transpose(0, 3, 1, 2) / 255).astype(np.float32)
        every = pack(images, photos.boxes, photos.labels)
        train, val, test = (torch.from_numpy(photos.parts[part]) for part in ("train", "val", "test"))
        return every[torch.cat([train, val])], every[test], len(photos.names)


def prepare(params: Params, seed: int) -> Pools:
    if params.dataset not in (*DIGITS, *PHOTOS) and not params.dataset.startswith("voc:"):
        near = meant(params.dataset, (*DIGITS, *PHOTOS))
        raise InputError(
            f"dataset={params.dataset}: {near} Photographs of your own are voc:DIR, a folder in VOC's layout."
        )
    pools = Pools(params=params, seed=seed)
    pools.pictures(pools.scenes[0])  # a fault in the data is found before anything is trained
    return pools
