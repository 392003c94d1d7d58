"""What a batch costs and brings: noise of its gradient, bytes for its backward pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from experiments.foundation.statements.trials import TRIALS, TrialRow, instances
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measures import points
from experiments.lab.judge.rules import Slope, Theorem
from experiments.train.batch.setup import Networks

FEW, MOST = 5, 200
"""Images of which every batch is listed, and images whose gradients make the table."""
DRAWN = {True: "drawn with replacement", False: "drawn without replacement"}


@observation
class NoiseRow(Row):
    """Batches of one size, drawn with replacement, at the initial weights."""

    dataset: str
    batch_size: int
    noise_over_signal: float
    """Trace of the covariance of a batch's gradient / squared norm of the gradient of all images."""


@observation
class MemoryRow(Row):
    """One forward and backward pass."""

    batch_size: int
    activation_kilobytes: float
    parameter_kilobytes: float
    """Parameters and their gradients."""


def run_law(networks: Networks) -> Iterator[TrialRow]:
    """Every batch of a few images listed; the control is the law of the other way to draw."""
    from experiments.train.core import batch_costs

    few = networks.split.train.first(FEW)
    gradients = batch_costs.per_sample_gradients(networks.network, few.inputs, few.labels)
    for size in (2, 3, 4):
        for replace, drawn in DRAWN.items():
            listed = batch_costs.noise_over_all_batches(gradients, size, replace=replace)
            error, control = (
                abs(batch_costs.noise_in_theory(gradients, size, replace=law) / listed - 1)
                for law in (replace, not replace)
            )
            yield TrialRow(statement="noise", case=f"batches of {size} {drawn}", error=error, control_error=control)


def run_noise(networks: Networks) -> Iterator[NoiseRow]:
    from experiments.train.core import batch_costs

    seen = networks.split.train.first(MOST)
    gradients = batch_costs.per_sample_gradients(networks.network, seen.inputs, seen.labels)
    signal = float(gradients.mean(0).square().sum())
    for size in networks.params.batch_sizes:
        noise = batch_costs.noise_in_theory(gradients, size, replace=True)
        yield NoiseRow(dataset=networks.split.name, batch_size=size, noise_over_signal=noise / signal)


def run_memory(networks: Networks) -> Iterator[MemoryRow]:
    import torch

    from experiments.train.core.batch_costs import training_bytes

    train, network, rng = networks.split.train, networks.network, torch.Generator().manual_seed(networks.seed)

    def loss(chosen: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(network(train.inputs[chosen]), train.labels[chosen])

    for size in networks.params.batch_sizes:
        chosen = torch.randint(len(train), (size,), generator=rng)
        kept, held = training_bytes(network, partial(loss, chosen))
        yield MemoryRow(batch_size=size, activation_kilobytes=kept / 1024, parameter_kilobytes=held / 1024)


def enough(rows: Sequence[NoiseRow]) -> str:
    """What the curve shows."""
    smallest = min(row.batch_size for row in rows)
    ratio = mean(rows, "noise_over_signal", batch_size=smallest)
    return (
        f"Noise is {number(ratio, 2)} times the gradient in a batch of {smallest}, as large in one of "
        f"{number(smallest * ratio, 2)}"
    )


LAW = Part(
    name="noise_law",
    row=TrialRow,
    run=run_law,
    claims=(
        Claim(
            "gradient_noise_falls_as_one_over_the_batch",
            statement="The variance of a batch's gradient is that of one image's over the batch size, without "
            "replacement times (N - B) / (N - 1).",
            rule=Theorem("relative difference from every batch listed", control="the other law", tolerance=1e-5),
            measure=instances("noise"),
            topic="Noisy gradients",
            predicted="holds",
            source="Cochran 1977, chapter 2",
        ),
    ),
    tables=(TRIALS,),
)
NOISE = Part(
    name="noise",
    row=NoiseRow,
    run=run_noise,
    tables=(Table(title="Gradient noise", by=("batch_size",), columns=("noise_over_signal",)),),
    curves=(Curve("noise", "batch_size", "noise_over_signal", x_scale="log", y_scale="log", title=enough, limit=1.0),),
)
MEMORY = Part(
    name="memory",
    row=MemoryRow,
    run=run_memory,
    claims=(
        Claim(
            "activations_grow_with_the_batch",
            statement="Bytes kept for the backward pass grow in proportion to the batch.",
            rule=Slope("bytes of saved activations over the batch size", theory=1.0, tolerance=0.05),
            measure=lambda rows: points(rows, "batch_size", "activation_kilobytes"),
            topic="Mini-batches save memory",
            predicted="holds",
            source="every image keeps its own activations",
        ),
    ),
    tables=(
        Table(title="Memory of one step", by=("batch_size",), columns=("activation_kilobytes", "parameter_kilobytes")),
    ),
)
