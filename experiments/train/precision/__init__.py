"""What do 16-bit numbers lose and save?

What do 16-bit numbers lose in training, what brings it back, and what do they save?

Formats and lost updates, gradients that underflow and how loss scaling saves them, one network trained in every
format from the same weights, and the price of operations on this device.

Notes: mixed-precision training.

Source: Micikevicius et al.: Mixed Precision Training, https://arxiv.org/abs/1710.03740, 2018; Zamirai et al.:
Revisiting BFloat16 Training, https://arxiv.org/abs/2010.06192, 2020.
"""

from __future__ import annotations

from experiments.lab.answers import mean, number, percent
from experiments.lab.experiment import Experiment, Findings, Headline, Rows, Table
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Each, Ratio
from experiments.train.precision import accuracy, costs, gradients, laws
from experiments.train.precision.setup import Params, prepare


def answer(findings: Findings, rows: Rows) -> str:
    trained, timed = accuracy.tuned_rows(rows.of(accuracy.PART)), rows.of(costs.OPERATIONS)

    def reached(name: str, optimizer: str = "sgd") -> str:
        return percent(mean(trained, "test_accuracy", number_format=name, optimizer=optimizer))

    def slower(name: str) -> str:
        base, other = (
            mean(timed, "milliseconds", operation="matrix product", number_format=chosen) for chosen in ("fp32", name)
        )
        return number(other / base, 2)

    return (
        f"With SGD the test accuracy is {reached('fp32')} in float32, {reached('bf16-mixed')} and "
        f"{reached('fp16-mixed')} in mixed bf16 and fp16; Adam with everything in fp16 gets "
        f"{reached('fp16-true', 'adam')}. A matrix product takes {slower('bf16')} times as long in bf16 and "
        f"{slower('fp16')} times as long in fp16 as in float32 here."
    )


EXPERIMENT = Experiment(
    about=__doc__,
    params=Params,
    prepare=prepare,
    parts=(
        laws.FORMATS,
        laws.UPDATES,
        laws.LAWS,
        gradients.EXPONENTS,
        gradients.SCALES,
        accuracy.PART,
        costs.OPERATIONS,
        costs.MEMORY,
    ),
    claims=(
        Claim(
            "sixteen_bits_are_cheaper",
            statement="16 bits save at least a sixth of time and memory.",
            rule=Each(Ratio("cost in float32 over cost in 16 bits, on the device named in the notes", 1.2), "resource"),
            measure=costs.float32_over_16_bits,
            topic="Cost of 16 bits",
            predicted={
                "time of a bf16 matrix product": "holds",
                "time of an fp16 matrix product": "refuted",
                "bytes of saved activations, bf16 mixed": "holds",
                "bytes of weights and gradients, bf16 mixed": "refuted",
            },
            source="pilot",
        ),
    ),
    answer=answer,
    headline=Headline(
        accuracy.PART,
        Table(
            "Accuracy by number format, each at the learning rate that validation chose",
            by=("optimizer", "number_format", "lr"),
            columns=("test_accuracy", "diverged"),
            only={"number_format": ("fp32", "bf16-mixed", "fp16-mixed", "bf16-true", "fp16-true")},
        ),
        pick=accuracy.tuned_rows,
    ),
)
