"""A Llama model of the user's, or an example, fine-tuned on demonstrations with an adapter in all its blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from experiments.adapt.lora.params import Params
from experiments.adapt.lora.setup import Tasks
from experiments.lab.errors import InputError
from experiments.lab.experiment import Event, Note, Part, Progress, Row, Table, observation

if TYPE_CHECKING:
    from torch import Tensor

    from experiments.adapt.core.low_rank import LowRank
    from experiments.adapt.lora.given import Given

    Adapters = Mapping[str, LowRank]


EXAMPLE, EXAMPLE_STEPS = "example", 20


@observation
class OwnRow(Row):
    """The user's model before, and after fine-tuning at each learning rate."""

    model: str
    lr: float
    """0 is the model as it was."""
    trained_parameters: int
    validation_loss: float
    """In nats per token of an answer."""
    test_loss: float
    test_right: float
    """Share of test answers of which every token is the most probable one."""


def run(tasks: Tasks) -> Iterator[Event]:
    from experiments.adapt.core.demonstrations import examples_of
    from experiments.adapt.core.fine_tuning import fine_tune
    from experiments.adapt.core.low_rank import add_adapters
    from experiments.adapt.lora.given import example
    from experiments.foundation.networks.timing import reproducible

    yours, asked = tasks.yours or example(tasks.seed), tasks.params
    steps = asked.steps if tasks.yours else EXAMPLE_STEPS
    network, rank = yours.network, max(asked.rank)
    yield _row(tasks, yours, 0.0)
    with reproducible(tasks.seed):
        alpha = asked.alpha_over_rank * rank
        adapters = add_adapters(network, rank=rank, alpha=alpha, rank_scaled=asked.rank_scaled, skip=["lm_head"])
    start, best = weights_of(adapters), (math.inf, 0.0, weights_of(adapters))
    examples = examples_of(yours.train)
    for done, lr in enumerate(asked.lrs_low_rank):
        yield Progress("fine-tuning", done, len(asked.lrs_low_rank))
        put(adapters, start)
        fine_tune(network, examples, lr=lr, steps=steps, batch_size=asked.batch_size, seed=tasks.seed)
        row = _row(tasks, yours, lr)
        yield row
        if row.validation_loss < best[0]:
            best = row.validation_loss, lr, weights_of(adapters)
    put(adapters, best[2])
    if tasks.yours is None:
        return
    ends = {min(asked.lrs_low_rank): "smallest", max(asked.lrs_low_rank): "largest"}
    beyond = f"; it is the {ends[best[1]]} of lrs_low_rank, so try others beyond it" if best[1] in ends else ""
    yield Note(f"the validation loss is least with the rate {best[1]:g}{beyond}")
    yield from written(asked, yours, adapters)


def _row(tasks: Tasks, yours: Given, lr: float) -> OwnRow:
    from experiments.adapt.core.demonstrations import answered
    from experiments.adapt.core.low_rank import trained_parameters

    size = tasks.params.batch_size
    validation, _ = answered(yours.network, yours.validation, size)
    test, right = answered(yours.network, yours.test, size)
    return OwnRow(
        model=tasks.params.model if tasks.yours else EXAMPLE,
        lr=lr,
        trained_parameters=trained_parameters(yours.network) if lr else 0,
        validation_loss=validation,
        test_loss=test,
        test_right=right,
    )


def weights_of(adapters: Adapters) -> list[Tensor]:
    return [part.detach().clone() for one in adapters.values() for part in (one.A, one.B)]


def put(adapters: Adapters, weights: list[Tensor]) -> None:
    parts = [part for one in adapters.values() for part in (one.A, one.B)]
    for part, weight in zip(parts, weights, strict=True):
        part.data.copy_(weight)


def written(asked: Params, yours: Given, adapters: Adapters) -> Iterator[Note]:
    """The files that the user asked for."""
    from safetensors.torch import save_file

    from experiments.adapt.core.low_rank import merged_state, write_adapter

    rank = max(asked.rank)
    alpha = asked.alpha_over_rank * rank
    try:
        if asked.adapter is not None:
            words = {"base": asked.model, "task": "CAUSAL_LM"}
            write_adapter(asked.adapter, adapters, rank=rank, alpha=alpha, rank_scaled=asked.rank_scaled, **words)
            yield Note(f"{asked.adapter} is written: PeftModel.from_pretrained(model, {str(asked.adapter)!r}) loads it")
        if asked.merged is not None:
            state = merged_state(yours.network, adapters)
            kept = {
                name: one.contiguous() for name, one in state.items() if not (yours.tied and name == "lm_head.weight")
            }
            save_file(kept, asked.merged, metadata={"format": "pt"})
            yield Note(f"{asked.merged} is written in float32: put it in place of the model's model.safetensors")
    except OSError as error:
        raise InputError(f"the result cannot be written: {error}") from None


PART = Part(
    name="own",
    row=OwnRow,
    run=run,
    tables=(
        Table(
            "Your model, before and after",
            by=("model", "lr"),
            columns=("trained_parameters", "validation_loss", "test_loss", "test_right"),
        ),
    ),
)
