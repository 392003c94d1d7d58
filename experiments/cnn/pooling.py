"""What does pooling do: which kinds are there, what do they cost, and what do they make a network blind to?

Laws on random maps; features of random networks, with the same weights with and without pooling, under shift, rotation
and scale; and networks trained at learning rates that validation chose, one pooling each.

Notes: pooling (000:35-40); pooling layers (002:109).
Source: Zhang, Making Convolutional Networks Shift-Invariant Again, ICML 2019; Azulay, Weiss, Why Do Deep Convolutional
Networks Generalize so Poorly to Small Image Transformations?, JMLR 20, 2019.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.cnn import pooling_trials as trials
from experiments.cnn.pooling_claims import (
    a_shift_by_the_stride_shifts_the_output,
    average_pooling_has_steadier_features_than_strided_convolution,
    blur_pooling_has_steadier_predictions_than_max,
    max_pooling_has_steadier_predictions_than_average,
    max_pooling_is_invariant_to_rotations,
    max_pooling_is_invariant_to_scale,
    max_pooling_is_invariant_to_shifts,
    max_pooling_is_more_accurate_than_average,
    output_size_follows_the_formula,
    pooling_filters_then_samples,
    pooling_has_no_parameters,
    pooling_is_sampling,
    pooling_makes_the_next_layer_cheaper,
    pooling_prevents_overfitting,
    pooling_shrinks_the_classifier,
    predictions_survive_shifts,
    relu_and_max_pooling_commute,
    the_global_average_ignores_circular_shifts,
    the_learning_rate_makes_the_gap,
    there_are_two_kinds_of_pooling,
)
from experiments.cnn.pooling_rows import Row
from experiments.cnn.pooling_views import CURVES, TABLES
from experiments.foundation.networks.choices import ImageSetName
from experiments.lab.experiment import CHECKED, Event, Experiment, Note
from experiments.lab.judge.claims import Claim

Kind = Literal["max", "avg", "lp", "gem", "blur", "stride_conv", "attention", "none"]
Size = Annotated[int, Field(ge=10, le=60_000)]


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: ImageSetName = "digits"
    """Images; auto is MNIST where it is present or can be fetched, else digits."""
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1)] = ("max", "avg", "stride_conv", "none")
    """Poolings of the networks; stride_conv is a convolution instead, none is trained at equal FLOPs and parameters."""
    kernel: Annotated[int, Field(ge=1, le=8)] = 2
    """Rows and columns of a pooling's window."""
    stride: Annotated[int, Field(ge=1, le=16)] = 2
    """Pixels from window to window, at most twice the kernel."""
    pad: Literal["circular", "zero"] = "circular"
    """What lies beyond the border, for convolutions, poolings and shifts: the other side, or nothing."""
    trained: bool = True
    """Whether networks are trained too."""
    train_images: Size = 100
    """Training images, at most three quarters of those there are."""
    validation_images: Size = 50
    """Images by which the learning rate is chosen, at most a quarter of those for training."""
    test_images: Size = 50
    """Test images, at most all there are."""
    steps: Annotated[int, Field(ge=10, le=100_000)] = 12
    """Updates of Adam."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 16
    """Images per update."""
    lrs: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], Field(min_length=3)] = (1e-3, 5e-3, 2e-2)
    """Learning rates of the sweep, the same for every arm."""
    random_networks: Annotated[int, Field(ge=1, le=1000)] = 2
    """Networks with random weights per pooling and seed."""
    random_images: Size = 50
    """Test images that they see moved, at most all that are taken."""
    shifts: Annotated[tuple[Annotated[int, Field(ge=1, le=1000)], ...], Field(min_length=1)] = (1, 2)
    """Pixels to the right, from the mildest."""
    rotations: Annotated[tuple[Annotated[float, Field(gt=0, le=180)], ...], Field(min_length=1)] = (10.0, 45.0)
    """Degrees to the left, from the mildest."""
    scales: Annotated[tuple[Annotated[float, Field(ge=0.1, le=10)], ...], Field(min_length=1)] = (0.9, 0.6)
    """Factors, from the mildest."""
    law_trials: Annotated[int, Field(ge=1, le=10_000)] = 3
    """Random maps on which the laws are tried."""


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.cnn.core.pooling import Window
    from experiments.foundation.datasets.images import load_images
    from experiments.foundation.networks.split import image_split
    from experiments.lab.errors import InputError

    if params.stride > 2 * params.kernel:
        raise InputError(f"stride: expected at most twice the kernel, {2 * params.kernel}, got {params.stride}")
    data = load_images(params.dataset, seed=seed)
    there = len(data.train_labels)
    sizes = {
        "train": min(params.train_images, 3 * there // 4),
        "validation": min(params.validation_images, there // 4),
        "test": min(params.test_images, len(data.test_labels)),
    }
    split = image_split(data, **sizes, seed=seed)
    window = Window(params.kernel, params.stride, params.pad)
    task = trials.Task(params=params, split=split, dataset=data.name, window=window, seed=seed)
    for kind in params.kinds:
        task.build(kind)  # refuses a window that does not fit before anything is measured
    yield Note(f"{data.description}; taken: {', '.join(f'{size} for {part}' for part, size in sizes.items())}")
    yield from trials.law_rows(params.law_trials, seed)
    yield from trials.untrained_rows(task)
    if params.trained:
        yield from trials.trained_rows(task)


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="ReLU and max pooling commute, so their order does not matter.",
            notes="Pooling follows convolution (000:36)",
            kind="theorem",
            rule="No difference at all on random maps; ReLU and average pooling must differ.",
            predicted="holds",
            judge=relu_and_max_pooling_commute,
        ),
        Claim(
            statement="Pooling filters, then samples: average by a depthwise convolution, max by a gray dilation.",
            notes="Pooling is sampling (000:36)",
            kind="theorem",
            rule="Equal to torch's convolution and scipy's dilation up to 1e-12; each must differ from the other's.",
            predicted="holds",
            judge=pooling_filters_then_samples,
        ),
        Claim(
            statement="Pooling is sampling: its outputs are some of its inputs, and fewer.",
            notes="Pooling is sampling (000:36)",
            kind="conditional",
            rule="Per kind and stride: no output that is no input, and fewer outputs than inputs.",
            predicted="conditional",
            judge=pooling_is_sampling,
        ),
        Claim(
            statement="A pooled side has floor((n + 2p - d(k - 1) - 1) / s) + 1 pixels.",
            notes="Compression by pooling (000:36)",
            kind="theorem",
            rule="Equal to torch's output for random n, k, s, p, d; the formula without dilation must fail.",
            predicted="holds",
            judge=output_size_follows_the_formula,
        ),
        Claim(
            statement="Pooling with stride s divides the FLOPs of the next convolution by s^2, with stride 1 too.",
            notes="Pooling speeds up (000:36)",
            kind="conditional",
            rule="FLOPs counted by torch before and behind, exact; without pooling the ratio must fail.",
            predicted="conditional",
            judge=pooling_makes_the_next_layer_cheaper,
        ),
        Claim(
            statement="There are two kinds of pooling.",
            notes="Pooling is of two kinds (000:37)",
            kind="fact",
            rule="Number of kinds among the pooling classes of torch.nn, dimensions left out, is 2.",
            predicted="refuted",
            judge=there_are_two_kinds_of_pooling,
        ),
        Claim(
            statement="Pooling has no parameters.",
            notes="Pooling layers have no parameters (000:37)",
            kind="conditional",
            rule="Per kind: number of learned parameters is 0.",
            predicted="conditional",
            judge=pooling_has_no_parameters,
        ),
        Claim(
            statement="Pooling by 2 x 2 leaves the classifier a quarter of its weights.",
            notes="Fewer parameters and less computation (000:39)",
            kind="conditional",
            rule="Per classifier: weights on maps of 8 x 8 over those on 4 x 4 are 4, exactly.",
            predicted="conditional",
            judge=pooling_shrinks_the_classifier,
        ),
        Claim(
            statement="Max pooling prevents overfitting: a point less between training and test accuracy.",
            notes="Pooling prevents overfitting (000:39, 002:109)",
            kind="conditional",
            rule="Per budget, tuned: gap without pooling - gap with max pooling > 0.01.",
            predicted="conditional",
            judge=pooling_prevents_overfitting,
        ),
        Claim(
            statement="A circular shift by the stride is exactly a shift of the pooled map.",
            notes="Translation invariance (000:40)",
            kind="theorem",
            rule="Relative difference <= 1e-12 per kind, also behind convolutions; a shift by one pixel must differ.",
            predicted="holds",
            judge=a_shift_by_the_stride_shifts_the_output,
        ),
        Claim(
            statement="A global average behind circular convolutions does not change under circular shifts.",
            notes="Translation invariance (000:40)",
            kind="theorem",
            rule="Relative difference <= 1e-12; with zeros at the border, or behind strided pooling, it must differ.",
            predicted="holds",
            judge=the_global_average_ignores_circular_shifts,
        ),
        Claim(
            statement="Max pooling makes features invariant to shifts: a tenth more than without it.",
            notes="Translation invariance (000:40)",
            kind="conditional",
            rule="Per amount, random weights: cosine of centered features, with - without pooling > 0.1.",
            predicted="conditional",
            judge=max_pooling_is_invariant_to_shifts,
        ),
        Claim(
            statement="Max pooling makes features invariant to rotations: a tenth more than without it.",
            notes="Rotation invariance (000:40)",
            kind="conditional",
            rule="Per amount, random weights: cosine of centered features, with - without pooling > 0.1.",
            predicted="refuted",
            judge=max_pooling_is_invariant_to_rotations,
        ),
        Claim(
            statement="Max pooling makes features invariant to scale: a tenth more than without it.",
            notes="Scale invariance (000:40)",
            kind="conditional",
            rule="Per amount, random weights: cosine of centered features, with - without pooling > 0.1.",
            predicted="refuted",
            judge=max_pooling_is_invariant_to_scale,
        ),
        Claim(
            statement="Nine of ten predictions of a network with max pooling survive a shift.",
            notes="Translation invariance (000:40)",
            kind="conditional",
            rule="Per amount, tuned: share of test images with the same predicted class > 0.9.",
            predicted="conditional",
            judge=predictions_survive_shifts,
        ),
        Claim(
            statement="Max pooling is half a point more accurate than average pooling.",
            notes="Max and average pooling (000:37)",
            kind="effect",
            rule="Tuned: test accuracy max - average > 0.005.",
            predicted="holds",
            judge=max_pooling_is_more_accurate_than_average,
        ),
        Claim(
            statement="At one low learning rate max pooling leads average by a point more than where both are tuned.",
            notes="Max and average pooling (000:37)",
            kind="effect",
            rule="Lead in validation accuracy at the lowest rate - lead at the tuned rates > 0.01.",
            predicted="holds",
            judge=the_learning_rate_makes_the_gap,
        ),
        Claim(
            statement="Average pooling has steadier features than a strided convolution, by a twentieth.",
            notes="Translation, rotation and scale invariance (000:40)",
            kind="conditional",
            rule="Per transformation at its mildest, tuned: cosine of centered features, difference > 0.05.",
            predicted="holds",
            judge=average_pooling_has_steadier_features_than_strided_convolution,
        ),
        Claim(
            statement="Max pooling has steadier predictions under a shift than average pooling, by half a point.",
            notes="Translation invariance (000:40)",
            kind="conditional",
            rule="All images, and those classified correctly; mildest shift, tuned: agreement, difference > 0.005.",
            predicted="holds",
            judge=max_pooling_has_steadier_predictions_than_average,
        ),
        Claim(
            statement="Blur pooling has steadier predictions under a shift than max pooling, by half a point.",
            notes="Translation invariance (000:40)",
            kind="effect",
            rule="Mildest shift, tuned: share of test images with the same predicted class, difference > 0.005.",
            predicted="holds",
            judge=blur_pooling_has_steadier_predictions_than_max,
        ),
    ),
    tables=TABLES,
    curves=CURVES,
)
