"""The networks that adapt.lora fine-tunes."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from experiments.adapt.lora.params import HEAD, SCRATCH, Params, adapter_name
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, once

if TYPE_CHECKING:
    from torch import nn

    from experiments.adapt.lora.given import Given
    from experiments.adapt.lora.tasks import Task
    from experiments.foundation.datasets.images import ImageData

FASHION_SIDES = (28, 28)


@dataclass(frozen=True, kw_only=True)
class Tasks(Setup[Params]):
    """The task, made by the part that asks first; or the user's model."""

    images: ImageData | None = None
    new_images: ImageData | None = None
    """Where the new task is another set than the old one's, turned."""
    text: str = ""
    dataset: str = ""
    yours: Given | None = None

    @once
    def task(self) -> Task:
        from experiments.adapt.lora.tasks import image_task, text_task

        if self.images is not None:
            return image_task(self.params, self.images, self.seed, self.new_images)
        return text_task(self.params, self.text, self.dataset, self.seed)

    def network(self, arm: str) -> nn.Module:
        """A copy of the base whose trained parameters are those of the arm."""
        from experiments.adapt.core.low_rank import add_adapters
        from experiments.foundation.networks.timing import reproducible

        task = self.task()
        network = copy.deepcopy(task.fresh if arm == SCRATCH else task.base)
        ranks = {adapter_name(rank): rank for rank in self.params.rank}
        if arm in ranks:
            rank, scaled = ranks[arm], self.params.rank_scaled
            with reproducible(self.seed):
                alpha = self.params.alpha_over_rank * rank
                add_adapters(network, rank=rank, alpha=alpha, rank_scaled=scaled, skip=task.without_adapter)
        if arm == HEAD:
            network.requires_grad_(False).get_submodule(task.head).requires_grad_(True)
        return network


def prepare(params: Params, seed: int) -> Tasks:
    if params.is_own:
        from experiments.adapt.lora.given import read_given

        return Tasks(params=params, seed=seed, yours=read_given(params))
    _check(params)
    if params.task == "images":
        from experiments.foundation.datasets.images import load_images

        images = load_images(params.dataset, seed=seed)
        if params.new_images is None:
            return Tasks(params=params, seed=seed, images=images, dataset=images.name, notes=(images.description,))
        if images.train_images.shape[1:3] != FASHION_SIDES:
            raise InputError(f"new_images=fashion: expected old images of 28 x 28, got {images.name}; dataset=mnist")
        new = load_images(params.new_images, seed=seed)
        both = images.description, new.description
        return Tasks(params=params, seed=seed, images=images, new_images=new, dataset=images.name, notes=both)
    from experiments.foundation.datasets.texts import chosen_text, described, load_text

    dataset = chosen_text(params.text)
    text = load_text(dataset)
    return Tasks(params=params, seed=seed, text=text, dataset=dataset, notes=(described(dataset, text),))


def _check(params: Params) -> None:
    """Refuse what would have no effect or no fair comparison."""
    grids = {len(grid) for grid in (params.lrs_full, params.lrs_low_rank, params.lrs_head)}
    if len(grids) > 1:
        raise InputError("expected lrs_full, lrs_low_rank and lrs_head of one length, so that every arm has as many")
    unused = [name for name in ("data", "adapter", "merged") if getattr(params, name) is not None]
    if unused:
        raise InputError(f"{unused[0]}= belongs to a model of yours: give model=DIR too")
