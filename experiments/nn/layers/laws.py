"""Statements about single layers of torch, tried on random instances."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from experiments.foundation.statements.trials import (
    TRIALS,
    TrialRow,
    distinct,
    instances,
    instances_by_case,
    trials_of,
    tried,
)
from experiments.lab.experiment import Part
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances
from experiments.lab.judge.rules import Counterexample, Theorem, Under
from experiments.nn.layers.setup import ROUNDING, Images

STANDARD = 1e-3
"""Batch normalization adds eps = 1e-5 to the variance, of which the smallest on normal batches is above 0.1."""
ONES = 100_000
"""On which shares of dropout are counted."""
FEWEST_XOR = 3
"""Trainings on exclusive or, of which one in ten may fail."""


def run(images: Images) -> Iterator[TrialRow]:
    from experiments.foundation.networks.timing import reproducible

    with reproducible(images.seed):
        rows = list(every_trial(images))  # at once: between two rows torch's state is the caller's
    yield from rows


def every_trial(images: Images) -> Iterator[TrialRow]:
    """Every statement on fresh layers and inputs (32, 6); exclusive or on a tenth of them."""
    import numpy as np
    import torch

    from experiments.nn.layers import single_layers as layers
    from experiments.nn.layers.exclusive_or import xor_trials

    params = images.params
    rng, generator = np.random.default_rng(images.seed), torch.Generator().manual_seed(images.seed)
    for trial in range(params.trials):
        x, y = (layers.standard_normal(generator, (32, 6)) for _ in range(2))
        yield from layers.neuron_trials(x)
        yield from layers.threshold_trials(x)
        yield layers.collapse_trial(x, params.depth, params.width)
        yield layers.affinity_trial(x, y, float(rng.random()))
        yield layers.sequential_trial(x)
        yield from layers.batch_norm_trials(x)
        yield from layers.dropout_trials(x, params.p)
        yield from layers.dropout_share_trials(ONES, params.p)
        yield layers.convolution_trial(generator)
        yield from layers.count_trials(rng)
        if trial < max(FEWEST_XOR, params.trials // 10):
            yield from xor_trials(generator)


def depth_and_activation(rows: Sequence[TrialRow]) -> Mapping[str, Instances]:
    """The two ReLUs are one instance, however often they are computed."""
    return {
        "linear layers are one affine map": tried(trials_of(rows, "collapse")),
        "no linear classifier solves exclusive or": tried(trials_of(rows, "xor")),
        "two ReLUs solve it": replace(tried(distinct(trials_of(rows, "xor by ReLU"))), all_of="the one network"),
    }


PART = Part(
    name="laws",
    row=TrialRow,
    run=run,
    claims=(
        Claim(
            "neuron_is_a_weighted_sum_and_an_activation",
            statement="A neuron is an activation of the weighted sum of its inputs plus a bias.",
            rule=Theorem("five activations in numpy equal torch's", control="the sum without bias", tolerance=ROUNDING),
            measure=instances("neuron"),
            topic="Neuron",
            predicted="holds",
            source="documentation of torch.nn.Linear",
        ),
        Claim(
            "bias_is_the_threshold",
            statement="The bias is the threshold that the weighted sum has to exceed.",
            rule=Under(
                {
                    "threshold -b": Theorem(
                        "the unit fires exactly where w . x exceeds it", control="a unit that always fires"
                    ),
                    "threshold b": Counterexample("the unit fires exactly where w . x exceeds it"),
                }
            ),
            measure=instances_by_case("threshold"),
            topic="Bias, threshold",
            predicted={"threshold -b": "holds", "threshold b": "refuted"},
            source="w . x + b > 0 means w . x > -b",
        ),
        Claim(
            "depth_needs_nonlinearity",
            statement="Without activations depth adds nothing, and exclusive or cannot be learned.",
            rule=Under(
                {
                    "linear layers are one affine map": Theorem(
                        "equal to the affine map of their matrices", control="layers with ReLU", tolerance=ROUNDING
                    ),
                    "no linear classifier solves exclusive or": Theorem(
                        "at most 3 of 4 right", control="ReLU networks, which have all right"
                    ),
                    "two ReLUs solve it": Theorem("4 of 4 right", control="linear layers"),
                }
            ),
            measure=depth_and_activation,
            topic="Activation functions bring nonlinearity",
            predicted="holds",
            source="Minsky and Papert 1969",
        ),
        Claim(
            "linear_layer_is_nonlinear",
            statement="A fully connected layer is a nonlinear transformation.",
            rule=Counterexample("nn.Linear breaks f(a x + (1 - a) y) = a f(x) + (1 - a) f(y)"),
            measure=instances("nonlinear"),
            topic="Fully connected layer",
            predicted="refuted",
            source="documentation of torch.nn.Linear: an affine map",
        ),
        Claim(
            "batch_norm_standardizes_in_training_only",
            statement="Batch normalization makes mean 0 and variance 1 of a batch in training, and uses running "
            "statistics in evaluation.",
            rule=Theorem(
                "mean 0 and variance 1, and the formula by hand", control="the other mode", tolerance=STANDARD
            ),
            measure=instances("batch norm"),
            topic="Batch normalization",
            predicted="holds",
            source="Ioffe and Szegedy 2015",
        ),
        Claim(
            "dropout_rescales_what_it_keeps",
            statement="Dropout zeroes a share p, divides the rest by 1 - p, keeps the mean and rests in evaluation.",
            rule=Under(
                {
                    "survivors are x / (1 - p)": Theorem("equal", control="unscaled survivors", tolerance=ROUNDING),
                    "nothing happens in evaluation": Theorem(
                        "equal to the input", control="outputs in training", tolerance=ROUNDING
                    ),
                    "a share p is zero": Theorem("standard deviations off", control="no dropout", tolerance=6),
                    "the mean stays": Theorem("standard deviations off", control="unscaled survivors", tolerance=6),
                }
            ),
            measure=instances_by_case("dropout"),
            topic="Dropout",
            predicted="holds",
            source="Srivastava et al. 2014; documentation of torch.nn.Dropout",
        ),
        Claim(
            "dropout_leaves_the_rest_untouched",
            statement="Dropout sets some outputs to 0 and leaves the rest as it is.",
            rule=Under(
                {
                    "in training": Counterexample("what is not 0 equals the input", tolerance=ROUNDING),
                    "in evaluation": Theorem(
                        "what is not 0 equals the input", control="outputs in training", tolerance=ROUNDING
                    ),
                }
            ),
            measure=instances_by_case("rest untouched"),
            topic="Dropout",
            predicted={"in training": "refuted", "in evaluation": "holds"},
            source="documentation of torch.nn.Dropout: outputs are scaled by 1 / (1 - p)",
        ),
        Claim(
            "sequential_is_composition",
            statement="nn.Sequential computes what its layers compute one after the other.",
            rule=Theorem("equal bit by bit", control="the layers without the activation"),
            measure=instances("sequential"),
            topic="nn.Sequential",
            predicted="holds",
            source="documentation of torch.nn.Sequential",
        ),
        Claim(
            "parameters_follow_closed_forms",
            statement="Linear, convolution, RNN, LSTM, GRU and transformer layers have the parameters of closed forms.",
            rule=Theorem("equal counts for layers of random size", control="forms without bias"),
            measure=instances("parameters"),
            topic="Number of parameters of a layer",
            predicted="holds",
            source="documentation of torch.nn",
        ),
        Claim(
            "convolution_layer_is_a_cross_correlation",
            statement="A convolution layer computes a cross-correlation, not a convolution.",
            rule=Theorem("nn.Conv2d equals scipy's correlate2d", control="convolve2d", tolerance=ROUNDING),
            measure=instances("convolution"),
            topic="Convolution layer",
            predicted="holds",
            source="documentation of torch.nn.Conv2d",
        ),
    ),
    tables=(TRIALS,),
)
