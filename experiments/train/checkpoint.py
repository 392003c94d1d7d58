"""What does a checkpoint have to hold so that a stopped training goes on as if it had not been stopped?

A training with batch normalization, dropout, Adam and a schedule, resumed from checkpoints that lack one part each;
round trips, refused objects, the mode after loading and the snapshot that is none.

Notes: saving and loading models (002:152).
Source: PyTorch, Saving and Loading Models, and torch.load (weights_only), documentation of version 2.13.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.errors import InputError
from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import Claim, Comparison, conditional, theorem

if TYPE_CHECKING:
    from experiments.train.core.resuming import Session
    from experiments.train.splits import Splits

NAN = float("nan")


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: Literal["digits", "fashion", "mnist"] = "digits"
    """Images."""
    train_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Training images."""
    width: Annotated[int, Field(ge=1, le=1024)] = 16
    """Hidden units."""
    steps: Annotated[int, Field(ge=2, le=100_000)] = 30
    """Updates of the whole training."""
    stop_at: Annotated[int, Field(ge=1, le=99_999)] = 15
    """Update behind which it is stopped; below steps."""
    batch_size: Annotated[int, Field(ge=2, le=4096)] = 32
    """Images per update."""
    lr: Annotated[float, Field(gt=0, le=1)] = 0.01
    """Learning rate of Adam, times 0.7 every 10 updates."""
    drop: tuple[Literal["nothing", "optimizer", "rng", "scheduler", "position"], ...] = (
        "nothing",
        "optimizer",
        "rng",
        "scheduler",
        "position",
    )
    """Parts that a checkpoint lacks; one resumed training for each."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """resume, round trip, object, mode or snapshot."""
    case: str
    dataset: str
    step: float = NAN
    """Updates since the stop."""
    difference: float = NAN
    """Largest difference of a weight or of a prediction from what it should be."""
    refused: float = NAN


def run(params: Params, seed: int) -> Iterator[Event]:
    if params.stop_at >= params.steps:
        raise InputError(f"expected stop_at < steps, got {params.stop_at} and {params.steps}; stop earlier")
    from experiments.train.splits import split_images

    data = split_images(params.dataset, seed, train=params.train_images, test=50)
    yield from resume_rows(params, data, seed)
    yield from file_rows(params, data, seed)


def session(params: Params, data: Splits, seed: int) -> Session:
    import torch

    from experiments.train.core.resuming import Session, noisy_network

    torch.manual_seed(seed)
    network = noisy_network(data.features, params.width, data.classes)
    return Session(network, data.train.inputs, data.train.labels, lr=params.lr, batch_size=params.batch_size)


def resume_rows(params: Params, data: Splits, seed: int) -> Iterator[Row]:
    """Stop, go on, and beside it resume in sessions that began otherwise, from checkpoints that lack a part."""
    from experiments.train.core.resuming import weights_of

    first = session(params, data, seed)
    first.advance(params.stop_at)
    checkpoint = first.save()
    expected = []
    for _ in range(params.steps - params.stop_at):
        first.advance(1)
        expected.append(weights_of(first.network))
    for case in params.drop:
        resumed = session(params, data, seed + 1000)
        resumed.load(checkpoint, drop=None if case == "nothing" else case)
        for step, weights in enumerate(expected, 1):
            resumed.advance(1)
            difference = float((weights_of(resumed.network) - weights).abs().max())
            yield Row(part="resume", case=case, dataset=data.name, step=step, difference=difference)


def file_rows(params: Params, data: Splits, seed: int) -> Iterator[Row]:
    from experiments.train.core import resuming

    trained = session(params, data, seed)
    trained.advance(params.stop_at)
    state = trained.network.state_dict()
    loaded = resuming.round_trip(state)
    other = session(params, data, seed + 1000).network.state_dict()
    for case, compared in (("loaded", loaded), ("another network", other)):
        worst = resuming.largest_difference(state, compared)
        yield Row(part="round trip", case=case, dataset=data.name, difference=worst)
    for case, safe in (("weights_only=True", True), ("weights_only=False", False)):
        refused = resuming.refuses_objects(weights_only=safe)
        yield Row(part="object", case=case, dataset=data.name, refused=float(refused))
    copy = session(params, data, seed + 1000).network
    copy.load_state_dict(loaded)
    predicted = trained.network.eval()(data.test.inputs).detach()
    for case, training in (("eval", False), ("train", True)):
        difference = float((copy.train(training)(data.test.inputs).detach() - predicted).abs().max())
        yield Row(part="mode", case=case, dataset=data.name, difference=difference)
    trained.network.train()
    for case, copied in (("copied", True), ("state_dict as it is", False)):
        drift = resuming.drift_of_snapshot(trained, copied=copied)
        yield Row(part="snapshot", case=case, dataset=data.name, difference=drift)


def a_complete_checkpoint_resumes_bit_by_bit(rows: Sequence[Row]) -> Comparison:
    return theorem(_differences(rows, "resume", "nothing"), control=_differences(rows, "resume", "optimizer"))


def without_one_part_the_training_differs(rows: Sequence[Row]) -> Comparison:
    """1 where the resumed training ends with the same bits; a complete checkpoint must do so."""

    def same(case: str) -> list[float]:
        final = max(row.step for row in rows if row.part == "resume")
        return [float(row.difference == 0) for row in rows if row.case == case and row.step == final]

    dropped = dict.fromkeys(row.case for row in rows if row.part == "resume" and row.case != "nothing")
    return conditional({f"without the {case}": theorem(same(case), control=same("nothing")) for case in dropped})


def weights_survive_the_round_trip(rows: Sequence[Row]) -> Comparison:
    return theorem(
        _differences(rows, "round trip", "loaded"), control=_differences(rows, "round trip", "another network")
    )


def safe_loading_refuses_objects(rows: Sequence[Row]) -> Comparison:
    def accepted(case: str) -> list[float]:
        return [1 - row.refused for row in rows if row.part == "object" and row.case == case]

    return theorem(accepted("weights_only=True"), control=accepted("weights_only=False"))


def a_loaded_network_predicts_the_same_in_eval_mode(rows: Sequence[Row]) -> Comparison:
    return theorem(_differences(rows, "mode", "eval"), control=_differences(rows, "mode", "train"))


def a_copy_of_the_state_stays(rows: Sequence[Row]) -> Comparison:
    return theorem(
        _differences(rows, "snapshot", "copied"), control=_differences(rows, "snapshot", "state_dict as it is")
    )


def _differences(rows: Sequence[Row], part: str, case: str) -> list[float]:
    return [row.difference for row in rows if row.part == part and row.case == case]


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="A training resumed from a complete checkpoint equals the uninterrupted one bit by bit.",
            notes="Saving and loading (002:152)",
            kind="theorem",
            rule="Difference of every weight = 0 behind every update; without the optimizer's state it must not be.",
            predicted="holds",
            judge=a_complete_checkpoint_resumes_bit_by_bit,
        ),
        Claim(
            statement="A checkpoint that lacks any one part leads to another training.",
            notes="Saving and loading (002:152)",
            kind="conditional",
            rule="Per part: some weight differs at the end in every instance; a complete checkpoint must not do so.",
            predicted="holds",
            judge=without_one_part_the_training_differs,
        ),
        Claim(
            statement="Weights saved and loaded are the same to the last bit.",
            notes="Saving and loading (002:152)",
            kind="theorem",
            rule="Largest difference = 0; another network's weights must differ.",
            predicted="holds",
            judge=weights_survive_the_round_trip,
        ),
        Claim(
            statement="torch.load with weights_only=True refuses a pickled object.",
            notes="Saving and loading (002:152)",
            kind="theorem",
            rule="Refused in every instance; weights_only=False must accept it.",
            predicted="holds",
            judge=safe_loading_refuses_objects,
        ),
        Claim(
            statement="A loaded network predicts the same in eval mode, and otherwise in train mode.",
            notes="Saving and loading (002:152)",
            kind="theorem",
            rule="Difference of all logits = 0 in eval mode; in train mode it must not be.",
            predicted="holds",
            judge=a_loaded_network_predicts_the_same_in_eval_mode,
        ),
        Claim(
            statement="A copied state stays as it was while training goes on; state_dict itself moves along.",
            notes="Saving and loading (002:152)",
            kind="theorem",
            rule="The copy's difference behind one more update = 0; that of state_dict must not be.",
            predicted="holds",
            judge=a_copy_of_the_state_stays,
        ),
    ),
    tables=(
        Table(
            title="Resumed, minus uninterrupted, mean over the steps behind the stop",
            by=("case",),
            columns=("difference",),
            where=lambda row: row.part == "resume",
        ),
        Table(
            title="Loading",
            by=("part", "case"),
            columns=("difference", "refused"),
            where=lambda row: row.part != "resume",
        ),
    ),
    curves=(Curve(name="drift", x="step", y="difference", group="case", where=lambda row: row.part == "resume"),),
)
