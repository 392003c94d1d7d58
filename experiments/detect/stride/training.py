"""Trained networks of every stride: how far off they place a mark, and how often they name its kind.

Every claim takes the learning rate at which the number that it judges is best on validation pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from experiments.detect.stride.setup import StrideSetup
from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import NotMeasured, Pairs, Points, Undecided
from experiments.lab.judge.measures import by_seed, points
from experiments.lab.judge.rules import Each, Effect, Equivalence, Order, Ratio, Under

if TYPE_CHECKING:
    from experiments.detect.core.detectors.locating import Marks

DILATED_STRIDE = 4
"""The stride that the dilated network keeps."""
BUDGETS = {"a third of the updates": 3, "all updates": 1}
ALL = "all updates"


@observation
class NetworkRow(Row):
    """One network on the pictures for validation or for test."""

    network: str
    stride: int
    dilated: bool
    lr: float
    budget: str
    """All updates, or a third of them."""
    pictures: str
    """validation or test."""
    theory: float
    """0.3826 times the stride."""
    cell_error: float
    """Mean distance in pixels from the center of the cell named."""
    offset_error: float
    """The same with the place within the cell."""
    ideal_error: float
    """From the center of the right cell, in pixels."""
    class_accuracy: float


def run(setup: StrideSetup) -> Iterator[Event]:
    import torch

    from experiments.detect.core.detectors.locating import marks
    from experiments.foundation.networks.timing import one_thread

    params = setup.params
    arms: list[tuple[str, int, bool]] = [(f"stride {stride}", stride, False) for stride in params.strides]
    arms += [(f"stride {DILATED_STRIDE}, dilated", DILATED_STRIDE, True)] if params.dilated else []
    rng = torch.Generator().manual_seed(setup.seed + 10_000)  # no picture of the trainings
    seen = {pictures: marks(params.images, params.size, rng) for pictures in ("validation", "test")}
    with one_thread():
        for done, arm in enumerate(arms):
            yield Progress(arm[0], done, len(arms))
            yield from train_arm(setup, *arm, seen)


def train_arm(setup: StrideSetup, name: str, stride: int, dilated: bool, seen: Mapping[str, Marks]) -> Iterator[Event]:
    """One network per learning rate, read at both budgets."""
    from experiments.detect.core.detectors.locating import MEAN_DISTANCE, measure, train_locators

    params, read_at = setup.params, {setup.params.steps // part: budget for budget, part in BUDGETS.items()}
    recipe = {"size": params.size, "steps": params.steps, "batch": params.batch, "channels": params.channels}
    for step, networks in train_locators(stride, params.lrs, dilated=dilated, seed=setup.seed, **recipe):
        if step not in read_at:
            continue
        for pictures, tested in seen.items():
            for lr, found in zip(params.lrs, measure(networks, tested, stride), strict=True):
                yield NetworkRow(
                    network=name,
                    stride=stride,
                    dilated=dilated,
                    lr=lr,
                    budget=read_at[step],
                    pictures=pictures,
                    theory=MEAN_DISTANCE * stride,
                    **asdict(found),
                )


def tuned(rows: Sequence[NetworkRow], column: str, budget: str = ALL) -> dict[str, Choice[NetworkRow]]:
    """Network -> the rate with the best ``column`` on validation pictures: the largest accuracy, the least error."""
    sign = 1 if column == "class_accuracy" else -1
    validated = [row for row in rows if (row.pictures, row.budget) == ("validation", budget)]
    return choose(validated, score=lambda row: sign * getattr(row, column), arm=lambda row: row.network)


def on_test(rows: Sequence[NetworkRow], column: str, budget: str = ALL) -> list[NetworkRow]:
    """Every network on the test pictures, at its best rate."""
    rates = {network: choice.setting for network, choice in tuned(rows, column, budget).items()}
    return [row for row in rows if (row.pictures, row.budget, row.lr) == ("test", budget, rates[row.network])]


def plain(rows: Sequence[NetworkRow]) -> dict[int, str]:
    """Stride -> its network without dilation, by rising stride."""
    return dict(sorted({row.stride: row.network for row in rows if not row.dilated}.items()))


Arm = tuple[str, str | Callable[[NetworkRow], float]]
"""A network and what is read of it."""


def compared(rows: Sequence[NetworkRow], first: Arm, second: Arm, *, by: str, budget: str = ALL) -> Pairs | Undecided:
    """Two arms on test pictures, each at the rate with the best column ``by``, if that is inside the grid."""
    choices = tuned(rows, by, budget)
    if reason := untuned(*(choices[network] for network, _ in (first, second))):
        return Undecided(reason)
    best = on_test(rows, by, budget)
    return Pairs(*(by_seed(best, column, network=network) for network, column in (first, second)))


def cell_and_ideal_error(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs | Undecided]:
    """Logarithms of the error of the cell named and of the right one, per stride."""
    logs = (lambda row: math.log(row.cell_error)), (lambda row: math.log(row.ideal_error))
    return {name: compared(rows, *((name, log) for log in logs), by="cell_error") for name in plain(rows).values()}


def with_place_in_cell(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs | Points | Undecided]:
    """Error without over error with the place in the cell of the two largest strides; the latter over all strides."""
    networks, by = list(plain(rows).values()), "offset_error"
    found: dict[str, Pairs | Points | Undecided] = {
        words: compared(rows, (name, "cell_error"), (name, by), by=by)
        for words, name in zip(LARGEST, networks[-2:], strict=True)
    }
    reason = untuned(*(tuned(rows, by)[name] for name in networks))
    found[STILL_RISES] = Undecided(reason) if reason else points(on_test(rows, by), "stride", by, dilated=False)
    return found


def accuracy_of_ends(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs | Undecided]:
    """Of the largest and of the smallest stride, per budget."""
    (smallest, *_, largest), by = plain(rows).values(), "class_accuracy"
    return {budget: compared(rows, (largest, by), (smallest, by), by=by, budget=budget) for budget in BUDGETS}


def largest_stride_and_dilated(rows: Sequence[NetworkRow]) -> Pairs | Undecided | NotMeasured:
    (*_, largest), dilated = plain(rows).values(), [row.network for row in rows if row.dilated]
    if not dilated:
        return NotMeasured("needs dilated=true")
    return compared(rows, (largest, "offset_error"), (dilated[0], "offset_error"), by="offset_error")


def error_of_ends(column: str) -> Callable[[Sequence[NetworkRow]], str]:
    """The title of a curve: the error of the smallest and of the largest stride at their best rates."""

    def title(rows: Sequence[NetworkRow]) -> str:
        best, (small, *_, large) = on_test(rows, column), plain(rows)
        errors = (number(mean(best, column, stride=stride, dilated=False), 2) for stride in (small, large))
        where = "the cell's center" if column == "cell_error" else "its place in the cell"
        return f"A mark put at {where} is {next(errors)} pixels off at stride {small}, {next(errors)} at stride {large}"

    return title


LARGEST = ("second largest stride: error falls by a third", "largest stride: error falls by a third")
STILL_RISES = "error still rises"
FALLS = Ratio("error at the center of the cell over error with the place in it", at_least=1.5)
COLUMNS = ("cell_error", "offset_error", "ideal_error", "theory", "class_accuracy")
PART = Part(
    name="training",
    row=NetworkRow,
    run=run,
    claims=(
        Claim(
            "error_grows_like_the_stride",
            statement="A trained detector that names a cell errs as the cell's center does, by 0.3826 strides.",
            rule=Each(
                Equivalence("log of its error over that of the right cell's center, after all updates", margin=0.1),
                per="stride",
            ),
            measure=cell_and_ideal_error,
            topic="downsampling hurts localization",
            predicted="holds",
            source="a mark near the border of the cell named is as near to its center as to the right one's",
        ),
        Claim(
            "places_within_cells_help_and_do_not_undo",
            statement="A place within the cell cuts the error by a third, and the error still rises with the stride.",
            rule=Under({**dict.fromkeys(LARGEST, FALLS), STILL_RISES: Order("error over stride", direction="rising")}),
            measure=with_place_in_cell,
            topic="downsampling hurts localization",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "stride_helps_classification",
            statement="A larger stride classifies better, by half a point from the smallest to the largest.",
            rule=Each(Effect("accuracy of the largest - the smallest stride", delta=0.005), per="budget"),
            measure=accuracy_of_ends,
            topic="downsampling helps classification",
            predicted="refuted",
            source="pilot",
        ),
        Claim(
            "dilation_keeps_the_place",
            statement="Dilation keeps the place: stride 4 with stride 16's receptive field is half a pixel better.",
            rule=Effect("error in pixels of the largest stride - that of the dilated network", delta=0.5),
            measure=largest_stride_and_dilated,
            topic="downsampling, receptive field and localization",
            predicted="holds",
            source="Li et al. 2018",
        ),
    ),
    tables=(
        Table(
            "Errors in pixels at every rate", by=("budget", "network", "lr"), columns=COLUMNS, only={"pictures": "test"}
        ),
    ),
    curves=tuple(
        Curve(
            f"{column}_by_rate",
            "lr",
            column,
            "network",
            x_scale="log",
            y_scale="log",
            only={"budget": ALL, "pictures": "test"},
            title=error_of_ends(column),
        )
        for column in ("cell_error", "offset_error")
    ),
)
