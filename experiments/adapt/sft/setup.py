"""What adapt.sft can be asked: a base that has read a text, and questions of which it has seen none answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from experiments.foundation.datasets.choices import TextName
from experiments.lab.errors import InputError
from experiments.lab.experiment import Setup, once, parameters

if TYPE_CHECKING:
    from torch import nn

    from experiments.adapt.core.demonstrations import Demonstration

ANSWERS, ALL, SCRATCH = "answers only", "all tokens", "from scratch"
Rate = Annotated[float, Field(gt=0, le=1)]


@parameters
class Params:
    dataset: TextName = "python-docs"
    """Text that the base has read; auto is Shakespeare where it is there, else the help texts inside Python."""
    demonstrations: Annotated[int, Field(ge=10)] = 200
    """Questions and answers to train on."""
    validation_questions: Annotated[int, Field(ge=10)] = 60
    """Questions by which every arm's learning rate is chosen."""
    test_questions: Annotated[int, Field(ge=10)] = 100
    """Questions about words that are in no demonstration."""
    lrs: Annotated[tuple[Rate, ...], Field(min_length=1)] = (3e-3, 1e-2)
    """Learning rates of every arm."""
    dim: Annotated[int, Field(ge=16, le=1024, multiple_of=16)] = 32
    """Width of the network."""
    layers: Annotated[int, Field(ge=1, le=24)] = 1
    """Its blocks."""
    base_steps: Annotated[int, Field(ge=1, le=100_000)] = 100
    """Batches of text that the base has read."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 40
    """Batches of fine-tuning."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 32
    """Demonstrations of a batch."""
    trials: Annotated[int, Field(ge=1, le=10_000)] = 20
    """Random demonstrations on which the laws are tried."""


@dataclass(frozen=True, kw_only=True)
class Questions(Setup[Params]):
    """The base and the questions, made by the part that asks first."""

    text: str = ""
    dataset: str = ""

    @once
    def base(self) -> tuple[nn.Module, str]:
        """The network that has read the text, and a note on its training."""
        from experiments.adapt.core.text_base import trained_base

        asked = self.params
        return trained_base(self.text, dim=asked.dim, layers=asked.layers, steps=asked.base_steps)

    @once
    def asked(self) -> tuple[Sequence[Demonstration], Sequence[Demonstration], Sequence[Demonstration]]:
        """Demonstrations to train on, questions to choose by, questions to test with: each about a word of its own."""
        from experiments.adapt.core.text_base import questions

        train, held = self.params.demonstrations, self.params.validation_questions
        try:
            ones = questions(self.text, train + held + self.params.test_questions, self.seed)
        except ValueError as error:
            raise InputError(f"dataset={self.dataset}: {error}; ask for fewer") from None
        return ones[:train], ones[train : train + held], ones[train + held :]

    @once
    def tuned(self, lr: float) -> nn.Module:
        """The base fine-tuned at that rate, with the loss on the answers only."""
        import copy

        from experiments.adapt.core.demonstrations import examples_of
        from experiments.adapt.core.fine_tuning import fine_tune

        asked, network = self.params, copy.deepcopy(self.base()[0])
        learned, size = examples_of(self.asked()[0]), asked.batch_size
        fine_tune(network, learned, lr=lr, steps=asked.steps, batch_size=size, seed=self.seed)
        return network


def prepare(params: Params, seed: int) -> Questions:
    from experiments.foundation.datasets.texts import chosen_text, described, load_text

    dataset = chosen_text(params.dataset)
    text = load_text(dataset)
    return Questions(params=params, seed=seed, text=text, dataset=dataset, notes=(described(dataset, text),))
