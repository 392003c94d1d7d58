"""Claims on trained networks: they need the sweep, to tell whether an arm is tuned, and the tuned networks."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter

from experiments.cnn.activation.training import SWEEP, TUNED
from experiments.cnn.arms import Arms, Difference
from experiments.foundation.networks.tuning import choose
from experiments.lab.experiment import Rows
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Equivalence

SUCCESSORS = ("leaky_relu", "elu", "gelu", "silu", "selu")
"""What came after ReLU."""
ARMS = Arms(SWEEP, TUNED, "activations", has_best=lambda best: best.score >= 2 * best.rows[0].chance)
"""An arm that stays below twice the chance at every rate has no best one."""


def with_relu_instead(rows: Rows) -> Mapping[str, Difference] | NotMeasured:
    """Test accuracy of ReLU and of sigmoid, per arm of sigmoid."""
    sigmoid = [row.arm for row in rows.of(TUNED) if row.arm.startswith("sigmoid")]
    found = {
        arm: ARMS.compare("test_accuracy", arm.replace("sigmoid", "relu"), arm)(rows) for arm in dict.fromkeys(sigmoid)
    }
    return found or NotMeasured("needs relu and sigmoid among the activations")


def successors(rows: Rows) -> Mapping[str, Difference] | NotMeasured:
    there = {row.arm for row in rows.of(TUNED)}
    found = {name: ARMS.compare("test_accuracy", name, "relu")(rows) for name in SUCCESSORS if name in there}
    return found or NotMeasured(f"needs one of {', '.join(SUCCESSORS)} among the activations")


def dead_channels(rows: Rows) -> Difference:
    """Of ReLU, at ten times its best learning rate, or the next larger one of the grid, and at the best one."""
    if reason := ARMS.why_not(rows, "relu"):
        return reason
    sweep = [row for row in rows.of(SWEEP) if row.arm == "relu"]
    best = choose(sweep, score=attrgetter("validation_accuracy"), arm=lambda row: row.arm)["relu"].setting
    beyond = [lr for lr in sorted({row.lr for row in sweep}) if lr >= 10 * best]
    if not beyond:
        return Undecided(f"no learning rate of the grid is ten times the best one, {best:g}")
    return Pairs(*(by_seed(sweep, "dead_share", lr=lr) for lr in (beyond[0], best)))


CLAIMS = (
    Claim(
        "a_large_learning_rate_kills_units",
        statement="At ten times the best learning rate a tenth more of the channels of a ReLU network are dead.",
        rule=Effect("share of dead channels at ten times the best rate - that at the best rate", delta=0.1),
        measure=dead_channels,
        topic="Dead ReLU units",
        predicted="holds",
        source="pilot",
    ),
    Claim(
        "sigmoid_does_not_train_where_relu_does",
        statement="ReLU beats sigmoid by at least ten points of test accuracy in a network of eight convolutions.",
        rule=Each(Effect("tuned: test accuracy of ReLU - sigmoid", delta=0.1), per="initialization"),
        measure=with_relu_instead,
        topic="Vanishing gradients: sigmoid and ReLU",
        predicted="holds",
        source="Glorot and Bengio 2010: deep sigmoid networks saturate",
    ),
    Claim(
        "tanh_is_behind_relu",
        statement="Tanh is a point less accurate than ReLU.",
        rule=Effect("tuned: test accuracy of ReLU - tanh", delta=0.01),
        measure=ARMS.compare("test_accuracy", "relu", "tanh"),
        topic="Tanh and ReLU",
        predicted="holds",
        source="pilot",
    ),
    Claim(
        "an_activation_raises_accuracy",
        statement="An activation raises accuracy: ReLU is two points ahead of none.",
        rule=Effect("tuned: test accuracy of ReLU - identity", delta=0.02),
        measure=ARMS.compare("test_accuracy", "relu", "identity"),
        topic="Activations bring in nonlinearity",
        predicted="holds",
        source="a network without activation is a linear classifier",
    ),
    Claim(
        "successors_are_as_accurate_as_relu",
        statement="Newer activations match ReLU to within two points of test accuracy.",
        rule=Each(Equivalence("tuned: test accuracy - that of ReLU", margin=0.02), per="activation"),
        measure=successors,
        topic="Successors of ReLU",
        predicted="holds",
        source="pilot",
    ),
)
