"""Which optimizer is faster, which is better, and are they what their formulas say?

Update rules by formula against torch, tuned races on an ill-conditioned and on a sparse problem and on digits, and
the laws in which the rules differ: scale, weight decay and Adam's counterexample.

Notes: optimizers (002:136-145).
Source: Kingma, Ba, Adam, ICLR 2015; Loshchilov, Hutter, Decoupled Weight Decay Regularization, ICLR 2019; Reddi, Kale,
Kumar, On the Convergence of Adam and Beyond, ICLR 2018.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass as parameters

from experiments.lab.experiment import CHECKED, Curve, Event, Experiment, Progress, Table
from experiments.lab.experiment import Row as LabRow
from experiments.lab.judge.claims import (
    Claim,
    Comparison,
    by_seed,
    conditional,
    edge_of_grid,
    effect,
    ratio,
    theorem,
    undecided,
)

if TYPE_CHECKING:
    from experiments.train.splits import Splits

NAN = float("nan")
ADAPTIVE = ("adagrad", "rmsprop", "adam")
GRID_CENTERS = {"sgd": 0.3, "momentum": 0.1, "adagrad": 0.1, "rmsprop": 0.01, "adam": 0.01}
"""Middle of each optimizer's grid of learning rates on digits; equal sizes and ratios for all."""
RACE_CENTERS = {
    "ill-conditioned": {"sgd": 1.0, "momentum": 0.3, "adagrad": 0.5, "rmsprop": 0.03, "adam": 0.1},
    "sparse features": {"sgd": 0.5, "momentum": 0.1, "adagrad": 0.5, "rmsprop": 0.05, "adam": 0.1},
}


@parameters(frozen=True, kw_only=True, config=CHECKED)
class Params:
    dataset: Literal["digits", "fashion", "mnist"] = "digits"
    """Images."""
    train_images: Annotated[int, Field(ge=10, le=60_000)] = 200
    """Training images; half as many for validation, as many for test."""
    width: Annotated[int, Field(ge=1, le=1024)] = 32
    """Hidden units."""
    grid: Annotated[int, Field(ge=3, le=12)] = 3
    """Learning rates per optimizer, each three times the one before."""
    steps: Annotated[int, Field(ge=1, le=100_000)] = 15
    """Updates on digits."""
    batch_size: Annotated[int, Field(ge=1, le=4096)] = 64
    """Images per update."""
    dim: Annotated[int, Field(ge=2, le=1000)] = 10
    """Dimension of the quadratic problems."""
    kappa: Annotated[float, Field(ge=1, le=1e6)] = 100.0
    """Condition number of the ill-conditioned one."""
    target: Annotated[float, Field(gt=0, lt=1)] = 0.01
    """Share of the first loss at which a race ends."""
    race_steps: Annotated[int, Field(ge=10, le=100_000)] = 200
    """Most steps of a race."""
    regret_steps: Annotated[int, Field(ge=10, le=1_000_000)] = 1500
    """Steps on Adam's counterexample."""


@dataclass(frozen=True, kw_only=True)
class Row(LabRow):
    part: str
    """twin, scale, decay, regret, race or network."""
    case: str
    optimizer: str
    lr: float = NAN
    error: float = NAN
    """Largest difference of a weight along the trajectory."""
    control_error: float = NAN
    average_regret: float = NAN
    steps: float = NAN
    """Until the loss is reached."""
    final_loss: float = NAN
    validation_accuracy: float = NAN
    test_accuracy: float = NAN


def run(params: Params, seed: int) -> Iterator[Event]:
    from experiments.train.splits import split_images

    n = params.train_images
    data = split_images(params.dataset, seed, train=n, validation=n // 2, test=n)
    yield from law_rows(params, seed)
    yield from race_rows(params, seed)
    yield from network_rows(params, data, seed)


def law_rows(params: Params, seed: int) -> Iterator[Row]:
    """Trajectories of 100 steps in float64 on Rosenbrock's valley and with random gradients."""
    import torch

    from experiments.train.core import update_rules as rules

    torch.manual_seed(seed)
    start = torch.randn(2, dtype=torch.float64)
    noise = torch.randn(100, 2, dtype=torch.float64)

    def gradient(x: torch.Tensor, t: int) -> torch.Tensor:
        g = rules.rosenbrock_gradient(x.clamp(-2, 2))
        return g + noise[t]

    def distance(first: torch.Tensor, second: torch.Tensor) -> float:
        return float((first - second).abs().max())

    for name in rules.DIRECTIONS:
        rule = rules.Rule(name=name, lr=1e-3, weight_decay=0.1)
        ours, theirs = (walk(rule, start, gradient, 100) for walk in (rules.trajectory, rules.torch_trajectory))
        other = rules.trajectory(rules.Rule(name=name, lr=1.01e-3, weight_decay=0.1), start, gradient, 100)
        yield Row(
            part="twin",
            case="torch",
            optimizer=name,
            error=distance(ours, theirs),
            control_error=distance(other, theirs),
        )
    for name in ("adam", "sgd"):
        rule = rules.Rule(name=name, lr=1e-3, eps=1e-300)
        plain, scaled = (
            rules.trajectory(rule, start, lambda x, t, factor=factor: factor * gradient(x, t), 20)  # type: ignore[misc]
            for factor in (1.0, 1024.0)
        )
        yield Row(part="scale", case="loss x 1024", optimizer=name, error=distance(plain, scaled))
    pairs = {"sgd": ("sgd", "sgd"), "adam": ("adam", "adamw")}
    for name, (coupled, decoupled) in pairs.items():
        with_l2 = rules.trajectory(rules.Rule(name=coupled, lr=1e-3, weight_decay=0.1), start, gradient, 100)
        apart = (
            rules.trajectory(rules.Rule(name=decoupled, lr=1e-3, weight_decay=0.1), start, gradient, 100)
            if name == "adam"
            else rules.shrunk_trajectory(rules.Rule(name="sgd", lr=1e-3), 0.1, start, gradient, 100)
        )
        yield Row(part="decay", case="L2 and decoupled decay", optimizer=name, error=distance(with_l2, apart))
    for name in ("adam", "amsgrad"):
        regret = rules.reddi_average_regret(name, params.regret_steps, c=4.0 + seed % 5)
        yield Row(part="regret", case="c x every third step, else -x", optimizer=name, average_regret=regret)


def rates(center: float, grid: int) -> list[float]:
    """``grid`` learning rates around ``center``, each three times the one before."""
    return [center * 3.0 ** (k - grid // 2) for k in range(grid)]


def race_rows(params: Params, seed: int) -> Iterator[Event]:
    """Every optimizer at every rate of its grid, on the same problem and noise."""
    import torch

    from experiments.train.core import optimizer_race as races
    from experiments.train.core.update_rules import Rule

    problems = {
        "ill-conditioned": races.ill_conditioned(params.dim, params.kappa, torch.Generator().manual_seed(seed)),
        "sparse features": races.sparse_features(params.dim, torch.Generator().manual_seed(seed)),
    }
    for case, problem in problems.items():
        for name, center in RACE_CENTERS[case].items():
            yield Progress(f"race: {case}", 0, 1)
            for lr in rates(center, params.grid):
                steps = races.steps_to(
                    problem,
                    Rule(name=name, lr=lr),
                    share=params.target,
                    most_steps=params.race_steps,
                    seed=seed,
                )
                yield Row(part="race", case=case, optimizer=name, lr=lr, steps=steps)


def network_rows(params: Params, data: Splits, seed: int) -> Iterator[Event]:
    from experiments.train.core.optimizer_race import train_network
    from experiments.train.core.update_rules import Rule

    parts = [(part.inputs, part.labels) for part in (data.train, data.validation, data.test)]
    for name, center in GRID_CENTERS.items():
        yield Progress(f"digits: {name}", 0, 1)
        for lr in rates(center, params.grid):
            trained = train_network(
                Rule(name=name, lr=lr),
                (data.features, params.width, data.classes),
                parts[0],
                parts[1],
                parts[2],
                batch_size=params.batch_size,
                steps=params.steps,
                seed=seed,
            )
            yield Row(
                part="network",
                case=data.name,
                optimizer=name,
                lr=lr,
                final_loss=trained.final_loss,
                validation_accuracy=trained.validation_accuracy,
                test_accuracy=trained.test_accuracy,
            )


def formulas_are_those_of_torch(rows: Sequence[Row]) -> Comparison:
    chosen = [row for row in rows if row.part == "twin"]
    return theorem([row.error for row in chosen], tolerance=1e-10, control=[row.control_error for row in chosen])


def tuned(rows: Sequence[Row], score: Callable[[Row], float]) -> tuple[list[Row], bool]:
    """Rows at the learning rate of the highest mean ``score``, and whether that lies on the edge of its grid."""
    grid = sorted({row.lr for row in rows})
    best = max(grid, key=lambda lr: fmean(score(row) for row in rows if row.lr == lr))
    return [row for row in rows if row.lr == best], edge_of_grid(grid, best)


def _against_sgd(
    arms: Mapping[str, tuple[list[Row], bool]], name: str, judge: Callable[[list[Row], list[Row]], Comparison]
) -> Comparison:
    for tried in ("sgd", name):
        if arms[tried][1]:
            return undecided("effect", f"the best learning rate of {tried} lies on the edge of its grid")
    return judge(arms[name][0], arms["sgd"][0])


def adaptive_rules_are_faster_on_uneven_problems(rows: Sequence[Row]) -> Comparison:
    def faster(adaptive: list[Row], sgd: list[Row]) -> Comparison:
        return ratio(by_seed(sgd, lambda row: row.steps), by_seed(adaptive, lambda row: row.steps), at_least=1.2)

    parts: dict[str, Comparison] = {}
    for case, centers in RACE_CENTERS.items():
        raced = [row for row in rows if row.part == "race" and row.case == case]
        arms = {name: tuned([r for r in raced if r.optimizer == name], lambda row: -row.steps) for name in centers}
        parts |= {f"{case}: {name}": _against_sgd(arms, name, faster) for name in ADAPTIVE}
    return conditional(parts)


def adaptive_rules_predict_better(rows: Sequence[Row]) -> Comparison:
    def better(adaptive: list[Row], sgd: list[Row]) -> Comparison:
        accuracies = [by_seed(arm, lambda row: row.test_accuracy) for arm in (adaptive, sgd)]
        return effect(accuracies[0], accuracies[1], delta=0.005)

    trained = [row for row in rows if row.part == "network"]
    arms = {
        name: tuned([row for row in trained if row.optimizer == name], lambda row: row.validation_accuracy)
        for name in GRID_CENTERS
    }
    return conditional({name: _against_sgd(arms, name, better) for name in ADAPTIVE})


def adam_ignores_the_scale_of_the_loss(rows: Sequence[Row]) -> Comparison:
    return _adam_against_sgd(rows, "scale", adam_first=True)


def l2_is_weight_decay_in_sgd_alone(rows: Sequence[Row]) -> Comparison:
    return _adam_against_sgd(rows, "decay", adam_first=False)


def _adam_against_sgd(rows: Sequence[Row], part: str, *, adam_first: bool) -> Comparison:
    errors = {
        name: [row.error for row in rows if row.part == part and row.optimizer == name] for name in ("adam", "sgd")
    }
    names = ("adam", "sgd") if adam_first else ("sgd", "adam")
    return theorem(errors[names[0]], tolerance=1e-12, control=errors[names[1]])


def adam_fails_on_its_counterexample(rows: Sequence[Row]) -> Comparison:
    """0 where the mean regret stays above 1, near its worst; AMSGrad's must not."""

    def errors(name: str) -> list[float]:
        chosen = [row for row in rows if row.part == "regret" and row.optimizer == name]
        return [float(row.average_regret < 1) for row in chosen]

    return theorem(errors("adam"), control=errors("amsgrad"))


EXPERIMENT = Experiment(
    params=Params,
    row=Row,
    run=run,
    claims=(
        Claim(
            statement="Eight update rules written by their formulas walk the trajectories of torch.optim.",
            notes="Optimizers (002:136-137)",
            kind="theorem",
            rule="Largest difference of a weight over 100 steps in float64 <= 1e-10; a rate 1 % larger must differ.",
            predicted="holds",
            judge=formulas_are_those_of_torch,
        ),
        Claim(
            statement="On uneven problems adaptive rules need at least a sixth fewer steps than SGD.",
            notes="Optimizers (002:136-137)",
            kind="conditional",
            rule="Steps of SGD / steps > 1.2, each at its best rate of an equal grid; undecided at a grid's edge.",
            predicted="holds",
            judge=adaptive_rules_are_faster_on_uneven_problems,
        ),
        Claim(
            statement="At tuned learning rates adaptive rules predict digits better than SGD by half a point.",
            notes="Optimizers (002:145)",
            kind="conditional",
            rule="Test accuracy minus SGD's > 0.005, rates chosen by validation; undecided at a grid's edge.",
            predicted="refuted",
            judge=adaptive_rules_predict_better,
        ),
        Claim(
            statement="Multiplying the loss by 1024 changes nothing for Adam.",
            notes="Optimizers (002:137)",
            kind="theorem",
            rule="Largest difference of a weight <= 1e-12 at eps 1e-300; SGD must differ.",
            predicted="holds",
            judge=adam_ignores_the_scale_of_the_loss,
        ),
        Claim(
            statement="For SGD an L2 penalty and weight decay are one; for Adam and AdamW they are not.",
            notes="Optimizers (002:137)",
            kind="theorem",
            rule="Largest difference of a weight <= 1e-12 for SGD; Adam with L2 against AdamW must differ.",
            predicted="holds",
            judge=l2_is_weight_decay_in_sgd_alone,
        ),
        Claim(
            statement="On the counterexample of Reddi et al. Adam's mean regret stays above 1; AMSGrad's falls.",
            notes="Optimizers (002:137)",
            kind="theorem",
            rule="Mean regret of Adam >= 1 in every instance; AMSGrad's must be below in some.",
            predicted="holds",
            judge=adam_fails_on_its_counterexample,
        ),
    ),
    tables=(
        Table(
            title="Races: steps to the target",
            by=("case", "optimizer", "lr"),
            columns=("steps",),
            where=lambda row: row.part == "race",
        ),
        Table(
            title="Images",
            by=("optimizer", "lr"),
            columns=("final_loss", "validation_accuracy", "test_accuracy"),
            where=lambda row: row.part == "network",
        ),
        Table(
            title="Laws",
            by=("part", "optimizer"),
            columns=("error", "control_error", "average_regret"),
            where=lambda row: row.part not in ("race", "network"),
        ),
    ),
    curves=(
        Curve(
            name="accuracy",
            x="lr",
            y="test_accuracy",
            group="optimizer",
            x_scale="log",
            where=lambda row: row.part == "network",
        ),
    ),
)
