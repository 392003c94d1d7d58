"""What operations and a training step cost in every format: processor time and bytes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from statistics import median

from experiments.lab.experiment import Part, Row, Rows, Table, observation
from experiments.lab.judge.measured import Pairs
from experiments.lab.judge.measures import by_seed
from experiments.train.precision.setup import Numbers


@observation
class OperationRow(Row):
    operation: str
    number_format: str
    milliseconds: float
    """Of one forward and backward pass, median; on a CPU processor time of one thread."""


def run_operations(numbers: Numbers) -> Iterator[OperationRow]:
    from experiments.foundation.networks.device import synchronize
    from experiments.foundation.networks.timing import one_thread, time_in_turns
    from experiments.train.core.number_formats import FORMATS
    from experiments.train.core.precision_arms import operations

    device, params = numbers.device, numbers.params
    calls = {
        (operation, chosen.name): call
        for chosen in FORMATS
        for operation, call in operations(chosen.dtype, device, params.cost_size).items()
    }
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    with one_thread():
        timed = time_in_turns(calls, params.rounds, clock=clock, before=lambda: synchronize(device))
    for (operation, name), seconds in timed.items():
        yield OperationRow(operation=operation, number_format=name, milliseconds=1e3 * median(seconds))


@observation
class MemoryRow(Row):
    """Bytes of one training step of a perceptron under autocast."""

    held: str
    number_format: str
    kilobytes: float


def run_memory(numbers: Numbers) -> Iterator[MemoryRow]:
    import torch

    from experiments.train.core.batch_costs import training_bytes
    from experiments.train.core.number_formats import FORMATS
    from experiments.train.core.perceptron import perceptron

    network, inputs = perceptron((64, 128, 128, 128, 10)), torch.rand(4096, 64)
    for chosen in FORMATS:

        def loss(dtype: torch.dtype = chosen.dtype) -> torch.Tensor:
            with torch.autocast("cpu", torch.bfloat16 if dtype == torch.float32 else dtype, dtype != torch.float32):
                return network(inputs).float().square().mean()

        saved, held = training_bytes(network, loss)
        for what, count in (("saved activations", saved), ("weights and gradients", held)):
            yield MemoryRow(held=what, number_format=f"{chosen.name}-mixed", kilobytes=count / 1024)


def float32_over_16_bits(rows: Rows) -> Mapping[str, Pairs]:
    timed, kept = rows.of(OPERATIONS), rows.of(MEMORY)

    def milliseconds(name: str) -> dict[int, float]:
        return by_seed(timed, "milliseconds", operation="matrix product", number_format=name)

    def kilobytes(held: str, name: str) -> dict[int, float]:
        return by_seed(kept, "kilobytes", held=held, number_format=f"{name}-mixed")

    return {
        "time of a bf16 matrix product": Pairs(milliseconds("fp32"), milliseconds("bf16")),
        "time of an fp16 matrix product": Pairs(milliseconds("fp32"), milliseconds("fp16")),
        **{
            f"bytes of {held}, bf16 mixed": Pairs(kilobytes(held, "fp32"), kilobytes(held, "bf16"))
            for held in ("saved activations", "weights and gradients")
        },
    }


OPERATIONS = Part(
    name="operations",
    row=OperationRow,
    run=run_operations,
    tables=(Table("Forward and backward", ("operation", "number_format"), ("milliseconds",)),),
)
MEMORY = Part(
    name="memory", row=MemoryRow, run=run_memory, tables=(Table("Memory", ("held", "number_format"), ("kilobytes",)),)
)
