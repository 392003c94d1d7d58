"""Networks that forecast the next point, beside the last value, a linear autoregression and the best forecast."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.foundation.networks.tuning import Choice, choose, untuned
from experiments.lab.experiment import Event, Part, Progress, Row, Table, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs, Undecided
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Counterexample, Each, Effect, Equivalence, Ratio, Theorem, Under
from experiments.seq.forecast.setup import DIFFERENCES, NAMES, STATIONARY, WALK, Forecasting


@observation
class NetworkRow(Row):
    """One training. Errors are expected squared errors over that of the best forecast, 1 at least."""

    case: str
    """Series, and what is seen of it where that is not its levels."""
    network: str
    lr: float
    validation_error: float
    """Mean squared error on the points by which rates are chosen."""
    error: float
    linear: float
    """Error of the autoregression by least squares."""
    last_value: float
    """Error of the last value."""
    leaked: float
    """Error of an autoregression that sees the point that it forecasts."""


def run(setup: Forecasting) -> Iterator[Event]:
    from experiments.foundation.networks.timing import reproducible
    from experiments.seq.core.forecasters import Recipe, named_by, trained

    asked, cases = setup.params, setup.cases()
    recipe = Recipe(asked.hidden, asked.steps, asked.batch_size)
    with reproducible(setup.seed):
        for done, network in enumerate(asked.networks):
            yield Progress(NAMES[network], done, len(asked.networks))
            fitted = trained(network, [case.train for case in cases.values()], asked.lrs, recipe)
            for (name, case), by_rate in zip(cases.items(), fitted, strict=True):
                linear, last_value, leaked = case.linear(), case.last_value(), case.leaked()
                for lr, one in zip(asked.lrs, by_rate, strict=True):
                    forecasts = case.windows.forecasts(named_by(one, case.windows.inputs))
                    yield NetworkRow(
                        case=name,
                        network=network,
                        lr=lr,
                        validation_error=case.validation_error(forecasts),
                        error=case.error(forecasts),
                        linear=linear,
                        last_value=last_value,
                        leaked=leaked,
                    )


def chosen(rows: Sequence[NetworkRow]) -> dict[tuple[str, str], Choice[NetworkRow]]:
    """(case, network) -> the rate of smallest validation error, in the geometric mean over seeds."""
    return choose(rows, score=lambda row: -math.log(row.validation_error), arm=lambda row: (row.case, row.network))


def best_networks(rows: Sequence[NetworkRow]) -> list[NetworkRow]:
    """Of each case the network that validation likes best."""
    choices: dict[str, Choice[NetworkRow]] = {}
    for (case, _), choice in chosen(rows).items():
        choices[case] = max(choices.get(case, choice), choice, key=lambda one: one.score)
    return [row for choice in choices.values() for row in choice.rows]


def never_below_the_best(rows: Sequence[NetworkRow]) -> Instances:
    below = [max(0.0, 1 - value) for row in rows for value in (row.error, row.linear, row.last_value)]
    leaks = {row.case: [1 - other.leaked for other in rows if other.case == row.case] for row in rows}
    return Instances(below, {f"a leaked future, {case}": errors for case, errors in leaks.items()})


def against(
    column: str, *cases: str, network_first: bool = True
) -> Callable[[Sequence[NetworkRow]], Mapping[str, Pairs]]:
    """Errors of every network and of a plain forecaster in these cases."""

    def measure(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs]:
        found = {}
        for (case, network), choice in chosen(rows).items():
            if case in cases:
                pair = [by_seed(choice.rows, name) for name in ("error", column)]
                name = f"{NAMES[network]}, {case}" if len(cases) > 1 else NAMES[network]
                found[name] = Pairs(*(pair if network_first else pair[::-1]))
        return found

    return measure


def better_than_the_last_value(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs | Instances]:
    walks = [row for row in rows if row.case in (WALK, DIFFERENCES)]
    short = [max(0.0, row.error - 0.95 * row.last_value) for row in walks]
    return {**against("last_value", *STATIONARY, network_first=False)(rows), WALK: Instances(short)}


def worse_on_levels(rows: Sequence[NetworkRow]) -> Mapping[str, Pairs | Undecided]:
    """A network that loses at a rate on the edge of its grid may only lack a better one."""
    pairs, choices = against("last_value", WALK)(rows), chosen(rows)
    edges = {NAMES[network]: untuned(choice) for (case, network), choice in choices.items() if case == WALK}
    return {name: Undecided(reason) if (reason := edges[name]) else pair for name, pair in pairs.items()}


BEATEN = Ratio("squared error of the last value over the network's", at_least=1 / 0.95)
PART = Part(
    name="networks",
    row=NetworkRow,
    run=run,
    claims=(
        Claim(
            "no_forecaster_is_better_than_the_best",
            statement="No forecaster's expected squared error is below that of the conditional mean, the Bayes error.",
            rule=Theorem(
                "an expected error of at least the Bayes error",
                control="an autoregression that sees the point that it forecasts",
                tolerance=1e-12,
            ),
            measure=never_below_the_best,
            topic="Time series: what can be known",
            predicted="holds",
            source="E (y - f)^2 = Var(e) + E (m - f)^2",
        ),
        Claim(
            "networks_beat_the_last_value",
            statement="LSTM, GRU and Transformer forecast a series at least 5 % better than its last value does.",
            rule=Under(
                {f"{network}, {case}": BEATEN for network in NAMES.values() for case in STATIONARY}
                | {WALK: Counterexample("an error 5 % below the last value's")}
            ),
            measure=better_than_the_last_value,
            topic="RNN, LSTM, GRU: time series prediction (stocks)",
            predicted={
                **{f"{network}, {case}": "holds" for network in NAMES.values() for case in STATIONARY},
                WALK: "refuted",
            },
            source="pilot; the last value is the best forecast of a random walk",
        ),
        Claim(
            "networks_fail_on_the_levels_of_a_walk",
            statement="On a random walk a network that reads levels is at least 5 % worse than the last value.",
            rule=Each(Ratio("squared error of the network over the last value's", at_least=1.05), per="network"),
            measure=worse_on_levels,
            topic="RNN, LSTM, GRU: time series prediction (stocks)",
            predicted={"LSTM": "holds", "GRU": "holds", "Transformer": "refuted"},
            source="pilot",
        ),
        Claim(
            "differences_bring_networks_to_the_last_value",
            statement="A network that reads a random walk's differences comes within 5 % of the last value.",
            rule=Each(Equivalence("error of the network and of the last value", margin=0.05), per="network"),
            measure=against("last_value", DIFFERENCES),
            topic="RNN, LSTM, GRU: time series prediction (stocks)",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "a_linear_autoregression_is_better_on_a_linear_series",
            statement="On an AR(2) a linear autoregression is better than every network, by half a percent or more.",
            rule=Each(Effect("error of the network, less the autoregression's", delta=0.005), per="network"),
            measure=against("linear", "ar2"),
            topic="Time series: networks and lines",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "networks_see_what_a_line_cannot",
            statement="On a nonlinear series every network is at least 5 % better than a linear autoregression.",
            rule=Each(
                Ratio("squared error of the autoregression over the network's", at_least=1 / 0.95), per="network"
            ),
            measure=against("linear", "nonlinear", network_first=False),
            topic="Time series: networks and lines",
            predicted="holds",
            source="pilot",
        ),
    ),
    tables=(
        Table(
            "Expected squared errors, 1 the best that is possible, by rate",
            by=("case", "network", "lr"),
            columns=("validation_error", "error", "linear", "last_value"),
        ),
    ),
)
