"""What a batch costs and brings: noise of its gradient, bytes for its backward pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from experiments.lab.experiment import Curve, Part, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Points
from experiments.lab.judge.measures import by_seed, points
from experiments.lab.judge.rules import Slope, Theorem
from experiments.train.batch.setup import Networks


@observation
class NoiseRow(Row):
    """Batches of one size."""

    dataset: str
    drawn: str
    """With or without replacement."""
    batch_size: int
    noise: float
    """Trace of the covariance of a batch's gradient."""
    noise_in_theory: float


@observation
class MemoryRow(Row):
    """One forward and backward pass."""

    batch_size: int
    activation_kilobytes: float
    parameter_kilobytes: float
    """Parameters and their gradients."""


def run_noise(networks: Networks) -> Iterator[NoiseRow]:
    import torch

    from experiments.train.core import gradient_noise

    train = networks.split.train
    gradients = gradient_noise.per_sample_gradients(networks.network, train.inputs, train.labels)
    rng = torch.Generator().manual_seed(networks.seed)
    for drawn, replace in (("with replacement", True), ("without replacement", False)):
        for size in (*networks.params.batch_sizes, len(gradients)):
            yield NoiseRow(
                dataset=networks.split.name,
                drawn=drawn,
                batch_size=size,
                noise=gradient_noise.noise_measured(
                    gradients, size, replace=replace, draws=networks.params.draws, rng=rng
                ),
                noise_in_theory=gradient_noise.noise_in_theory(gradients, size, replace=replace),
            )


def run_memory(networks: Networks) -> Iterator[MemoryRow]:
    import torch

    from experiments.train.core.gradient_noise import saved_bytes

    train, rng = networks.split.train, torch.Generator().manual_seed(networks.seed)
    for size in networks.params.batch_sizes:
        chosen = torch.randint(len(train), (size,), generator=rng)
        kept, held = saved_bytes(networks.network, train.inputs[chosen], train.labels[chosen])
        yield MemoryRow(batch_size=size, activation_kilobytes=kept / 1024, parameter_kilobytes=held / 1024)


def noise_by_size(rows: Sequence[NoiseRow]) -> Points:
    full = max(row.batch_size for row in rows)
    return points([row for row in rows if row.batch_size < full], "batch_size", "noise", drawn="with replacement")


def noise_of_all(rows: Sequence[NoiseRow]) -> Instances:
    """Relative to the noise of the smallest batch in theory; smaller batches are the control."""
    chosen = [row for row in rows if row.drawn == "without replacement"]
    smallest, full = (pick(row.batch_size for row in chosen) for pick in (min, max))
    single = by_seed(chosen, "noise_in_theory", batch_size=smallest)
    all_at_once, fewer = (
        [row.noise / single[row.seed] for row in chosen if (row.batch_size == full) == is_full]
        for is_full in (True, False)
    )
    return Instances(errors=all_at_once, control=fewer)


NOISE = Part(
    name="noise",
    row=NoiseRow,
    run=run_noise,
    claims=(
        Claim(
            "gradient_noise_falls_as_one_over_the_batch",
            statement="The variance of a batch's gradient falls as 1 / batch size, drawn with replacement.",
            rule=Slope("trace of the covariance over the batch size", theory=-1.0, tolerance=0.05),
            measure=noise_by_size,
            topic="Noisy gradients",
            predicted="holds",
            source="Cochran 1977, chapter 2",
        ),
        Claim(
            "all_images_at_once_have_no_noise",
            statement="A batch of all images, drawn without replacement, has no noise.",
            rule=Theorem("noise / that of the smallest batch", control="smaller batches", tolerance=1e-25),
            measure=noise_of_all,
            topic="Noisy gradients",
            predicted="holds",
            source="Cochran 1977, chapter 2",
        ),
    ),
    tables=(Table(title="Gradient noise", by=("drawn", "batch_size"), columns=("noise", "noise_in_theory")),),
    curves=(
        Curve(
            name="noise",
            x="batch_size",
            y="noise",
            x_scale="log",
            y_scale="log",
            only={"drawn": "with replacement"},
        ),
    ),
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
