"""What adapt.lora can be asked, and the names of its arms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from experiments.foundation.datasets.choices import GrayImageSetName, TextName
from experiments.lab.experiment import parameters

Rate = Annotated[float, Field(gt=0, le=10)]
Rates = Annotated[tuple[Rate, ...], Field(min_length=1)]
OWN: Final = "own"
FULL, HEAD, SCRATCH, REPLAY = "full", "head only", "from scratch", "full with replay"


@parameters
class Params:
    task: Literal["images", "text"] = "images"
    """images: a perceptron that knows digits learns other images; text: a small Llama that has read a text learns to
    answer questions."""
    new_images: Literal["fashion"] | None = None
    """What the perceptron learns: the ten classes of Fashion-MNIST; by default the same images turned by 90 degrees."""
    model: str = OWN
    """own, one that is trained here; or the folder of a Llama model of yours (config.json, model.safetensors,
    tokenizer.json), fine-tuned on ``data`` and measured once."""
    data: Path | None = None
    """Demonstrations for your model: FILE.jsonl, on each line an object with prompt and answer, or instruction and
    output."""
    adapter: Path | None = None
    """Folder to write the adapter of your model to, as peft reads it."""
    merged: Path | None = None
    """FILE.safetensors to write your model to, with the adapter in its weights, in float32."""
    dataset: GrayImageSetName = "digits"
    """Images of the task images; auto is MNIST where it can be had, else digits."""
    text: TextName = "python-docs"
    """Text of the task text; auto is Shakespeare where it is there, else the help texts inside Python."""
    rank: Annotated[tuple[Annotated[int, Field(ge=1, le=256)], ...], Field(min_length=1)] = (1, 4, 16)
    """Ranks of the adapters; your model gets the largest."""
    alpha_over_rank: Annotated[float, Field(gt=0, le=1000)] = 2.0
    """alpha of an adapter is this times its rank."""
    rank_scaled: bool = False
    """Whether updates are multiplied by alpha / sqrt(rank) instead of alpha / rank."""
    dim: Annotated[int, Field(ge=16, le=1024, multiple_of=16)] = 32
    """Width of the network."""
    layers: Annotated[int, Field(ge=1, le=24)] = 1
    """Blocks of the Llama; the perceptron has two hidden layers."""
    base_steps: Annotated[int, Field(ge=1, le=100_000)] = 150
    """Batches of the base's training."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 40
    """Batches of a fine-tuning."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    """Examples of a batch."""
    old_examples: Annotated[int, Field(ge=10)] = 600
    """Upright images that the base is trained on."""
    new_examples: Annotated[int, Field(ge=10)] = 200
    """Turned images, or demonstrations, to fine-tune on."""
    validation_examples: Annotated[int, Field(ge=10)] = 100
    """Of the new task, by which every arm's learning rate is chosen."""
    test_examples: Annotated[int, Field(ge=10)] = 200
    """Of the new task, and as many of the old one."""
    lrs_full: Rates = (1e-3, 1e-2)
    """Learning rates of full fine-tuning, with replay and without it, and of training from scratch."""
    lrs_low_rank: Rates = (1e-2, 1e-1)
    """Of adapters; as many."""
    lrs_head: Rates = (1e-2, 1e-1)
    """Of a new head; as many."""

    @property
    def is_own(self) -> bool:
        """Whether the model is the user's."""
        return self.model != OWN

    @property
    def arms(self) -> dict[str, Rates]:
        """Every arm with its learning rates."""
        low_rank = {adapter_name(rank): self.lrs_low_rank for rank in self.rank}
        of_full = dict.fromkeys((FULL, REPLAY, SCRATCH), self.lrs_full)
        return {**of_full, **low_rank, HEAD: self.lrs_head}


def adapter_name(rank: int) -> str:
    return f"LoRA, rank {rank}"
