"""Laws of pooling on random maps in float64, each beside an object that must fail the same check.

Oracles are torch's and scipy's filters: nothing is compared with itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from experiments.cnn.pooling.setup import Networks
from experiments.foundation.statements.trials import TRIALS, TrialRow, instances, instances_by_case
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.rules import Counterexample, Theorem, Under

if TYPE_CHECKING:
    from torch import Tensor, nn

CHANNELS = 4
TOLERANCE = 1e-12
"""Of relative differences in float64: 2^-52 times some thousand sums."""


def run(networks: Networks) -> Iterator[TrialRow]:
    import torch

    generator = torch.Generator().manual_seed(networks.seed)
    for trial in range(networks.params.law_trials):
        maps = torch.randn(2, CHANNELS, 16, 16, generator=generator, dtype=torch.float64)
        yield from commuting_trials(maps)
        yield from filter_trials(maps, kernel=2 + trial % 3, stride=1 + trial % 4)
        yield from sampling_trials(maps)
        yield from equivariance_trials(maps, networks.seed + trial)
        yield from global_average_trials(maps, networks.seed + trial)


def commuting_trials(maps: Tensor) -> Iterator[TrialRow]:
    """max(ReLU(x)) = ReLU(max(x)), as ReLU does not fall; the mean, which is no maximum, is the control."""
    from torch.nn.functional import avg_pool2d, max_pool2d, relu

    for kernel in (2, 3):
        yield TrialRow(
            statement="commutes",
            case=f"kernel {kernel}",
            error=_gap(relu(max_pool2d(maps, kernel)), max_pool2d(relu(maps), kernel)),
            control_error=_gap(relu(avg_pool2d(maps, kernel)), avg_pool2d(relu(maps), kernel)),
        )


def filter_trials(maps: Tensor, kernel: int, stride: int) -> Iterator[TrialRow]:
    """A mean is a depthwise convolution with weights 1/k^2, a maximum a gray dilation by a flat square, both sampled
    at the stride. Each is the other's control."""
    import torch
    from scipy import ndimage
    from torch.nn import functional

    from experiments.cnn.core.pooling import output_size

    average, largest = (pool(maps, kernel, stride) for pool in (functional.avg_pool2d, functional.max_pool2d))
    channels, case = maps.shape[1], f"kernel {kernel}, stride {stride}"
    weight = torch.full((channels, 1, kernel, kernel), 1 / kernel**2, dtype=maps.dtype)
    convolved = functional.conv2d(maps, weight, stride=stride, groups=channels)
    dilated = torch.from_numpy(ndimage.grey_dilation(maps.numpy(), size=(1, 1, kernel, kernel)))
    # scipy centers its window, torch begins it at the corner
    start, places = (kernel - 1) // 2, [output_size(side, kernel, stride) for side in maps.shape[2:]]
    sampled = dilated[..., start::stride, start::stride][..., : places[0], : places[1]]
    for name, own, filtered, other in (
        ("average = convolution", average, convolved, largest),
        ("maximum = dilation", largest, sampled, average),
    ):
        error, control_error = _gap(own, filtered), _gap(other, filtered)
        yield TrialRow(statement="filter", case=f"{name}, {case}", error=error, control_error=control_error)


def sampling_trials(maps: Tensor) -> Iterator[TrialRow]:
    """Sampling picks some of the values: the share of outputs that are no input, and whether they are fewer."""
    import torch
    from torch.nn.functional import avg_pool2d, max_pool2d

    pooled = {"maximum": max_pool2d(maps, 2), "average": avg_pool2d(maps, 2)}
    strange = {case: 1 - float(torch.isin(out, maps).double().mean()) for case, out in pooled.items()}
    for case in strange:
        yield TrialRow(
            statement="sampling",
            case=f"{case}, stride 2",
            error=strange[case],
            control_error=strange["average"],
            counterexample=f"{100 * strange[case]:.0f} % of the outputs are no value of the input",
        )
    dense = max_pool2d(maps, 3, 1, padding=1)
    yield TrialRow(
        statement="sampling",
        case="maximum, stride 1",
        error=float(dense.numel() >= maps.numel()),
        counterexample=f"{maps.numel()} values become {dense.numel()}",
    )


def equivariance_trials(maps: Tensor, seed: int) -> Iterator[TrialRow]:
    """A circular shift of the input by the stride is one of the output by one pixel, for each kind of pooling and for
    two convolutions with two poolings. The control shifts by a single pixel and may take any shift of the output."""
    from experiments.cnn.core.pooling import POOLS, Pool, Window
    from experiments.cnn.core.pooling_network import pooled_stack
    from experiments.foundation.networks.timing import reproducible

    channels, positive = maps.shape[1], maps.relu()
    for name in POOLS[:-1]:
        with reproducible(seed):
            layers: dict[str, tuple[nn.Module, int]] = {"alone": (Pool(name, channels, Window()), 2)}
            layers["two, behind convolutions"] = (pooled_stack(name, channels), 4)
        for case, (layer, stride) in layers.items():
            layer.double().requires_grad_(False)
            before, moved, off = (layer(positive.roll(pixels, 3)) for pixels in (0, stride, 1))
            yield TrialRow(
                statement="equivariance",
                case=f"{name}, {case}",
                error=_gap(moved, before.roll(1, 3)),
                control_error=min(_gap(off, before.roll(pixels, 3)) for pixels in (0, 1)),
            )


def global_average_trials(maps: Tensor, seed: int) -> Iterator[TrialRow]:
    """The mean over all places after circular convolutions does not change under circular shifts; it must with zeros
    beyond the border, and after poolings with a stride that does not divide the shift."""
    from experiments.cnn.core.pooling_network import pooled_stack
    from experiments.foundation.networks.timing import reproducible

    channels = maps.shape[1]
    with reproducible(seed):
        stacks = pooled_stack("none", channels), pooled_stack("none", channels, "zero"), pooled_stack("max", channels)
    networks = [network.double().requires_grad_(False) for network in stacks]
    for pixels in (1, 2, 5):
        errors = [_gap(*(network(part).mean((2, 3)) for part in (maps, maps.roll(pixels, 3)))) for network in networks]
        yield TrialRow(
            statement="global average", case=f"shift by {pixels}", error=errors[0], control_error=min(errors[1:])
        )


def _gap(a: Tensor, b: Tensor) -> float:
    """Largest difference, relative to the largest value; 0 where both are 0, as behind ReLUs that all rest."""
    import torch

    return float((a - b).abs().max() / b.abs().max().clamp(min=torch.finfo(b.dtype).tiny))


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "relu_and_max_pooling_commute",
            statement="ReLU and max pooling commute, so their order does not matter.",
            rule=Theorem("no difference on random maps", control="ReLU with average pooling"),
            measure=instances("commutes"),
            topic="Pooling follows convolution",
            predicted="holds",
            source="a function that does not fall keeps the place of the maximum",
        ),
        Claim(
            "pooling_filters_then_samples",
            statement="Pooling filters, then samples: average by a depthwise convolution, max by a gray dilation.",
            rule=Theorem("relative difference to the filter", control="the other pooling", tolerance=TOLERANCE),
            measure=instances("filter"),
            topic="Pooling is sampling",
            predicted="holds",
            source="the definitions of the filters",
        ),
        Claim(
            "pooling_is_sampling",
            statement="Pooling is sampling: its outputs are some of its inputs, and fewer.",
            rule=Under(
                {
                    "maximum, stride 2": Theorem("share of outputs that are no input", control="average pooling"),
                    "average, stride 2": Counterexample("share of outputs that are no input"),
                    "maximum, stride 1": Counterexample("outputs are fewer than inputs"),
                }
            ),
            measure=instances_by_case("sampling"),
            topic="Pooling is sampling",
            predicted={"maximum, stride 2": "holds", "average, stride 2": "refuted", "maximum, stride 1": "refuted"},
            source="a mean is seldom one of its values, and stride 1 leaves as many",
        ),
        Claim(
            "a_shift_by_the_stride_shifts_the_output",
            statement="A circular shift by the stride is exactly a shift of the pooled map.",
            rule=Theorem(
                "relative distance from a shifted output", control="a shift by one pixel", tolerance=TOLERANCE
            ),
            measure=instances("equivariance"),
            topic="Translation invariance",
            predicted="holds",
            source="Zhang 2019",
        ),
        Claim(
            "the_global_average_ignores_circular_shifts",
            statement="A global average after circular convolutions does not change under circular shifts.",
            rule=Theorem(
                "relative change of the average", control="a border of zeros, or strides", tolerance=TOLERANCE
            ),
            measure=instances("global average"),
            topic="Translation invariance",
            predicted="holds",
            source="a sum over all places does not depend on their order",
        ),
    ),
    tables=(TRIALS,),
)
