"""Runs that add seeds until their claims are decided."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from experiments.lab.experiment import Event, Experiment, Setup
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Instances, Pairs
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Effect, Rule, Theorem
from experiments.lab.recording import Recording
from experiments.lab.runner import execute
from experiments.lab.sinks import Outcome, Sink
from tests.lab import toy
from tests.lab.toy import Params, StepRow


def claim(name: str, rule: Rule, measure: Any) -> Claim[Sequence[StepRow]]:
    return Claim(
        name, statement=f"{name}.", rule=rule, measure=measure, topic="none", predicted="holds", source="pilot"
    )


def against_zero(rows: Sequence[StepRow]) -> Pairs:
    return Pairs.against(by_seed(rows, "step"), 0.0)


def experiment(*claims: Claim[Sequence[StepRow]], mean: float, spread: float) -> Experiment[Any, Any]:
    """One number per seed, drawn from a normal distribution."""

    def run(setup: Setup[Params]) -> Iterator[Event]:
        drawn = np.random.default_rng(setup.seed).normal(mean, spread)
        yield StepRow(step=float(drawn))  # type: ignore[arg-type]

    found = toy.experiment(run, answer=lambda findings, rows: f"{len(rows)} rows.")
    return replace(found, parts=(replace(found.parts[0], claims=claims), found.parts[1]))


def outcome(of: Experiment[Any, Any], directory: Path | None = None, **settings: Any) -> Outcome:
    sinks = (Recording(directory),) if directory else ()
    found = execute(toy.plan(of, until="decided", **settings), sinks)
    assert found is not None
    return found


GROWS = claim("grows", Effect("step", delta=0.0), against_zero)


def test_seeds_are_doubled_until_the_claim_is_decided_and_each_look_is_recorded(tmp_path: Path) -> None:
    found = outcome(experiment(GROWS, mean=0.9, spread=1.0), tmp_path / "run", seeds=5)
    (finding,) = found.findings
    assert finding.verdict == "holds"
    assert [look.seeds for look in found.looks] == [5, 10, 20][: len(found.looks)]
    assert (len(found.looks) > 1, found.looks[-1].decided) == (True, ("grows",))
    assert finding.seeds == tuple(range(found.looks[-1].seeds)) == found.seeds_done
    meta = json.loads((tmp_path / "run" / "record.json").read_text())
    assert (meta["looks"][0]["seeds"], meta["looks"][0]["level"]) == (5, 0.025)
    assert meta["seeds"] == list(found.seeds_done)


def test_a_claim_keeps_the_verdict_of_the_look_that_decided_it() -> None:
    at_once = claim("at_once", Effect("step", delta=-50.0), against_zero)
    found = outcome(experiment(GROWS, at_once, mean=0.9, spread=1.0), seeds=5)
    by_name = {finding.claim: finding for finding in found.findings}
    assert (len(by_name["at_once"].seeds), by_name["at_once"].evidence["level"]) == (5, 0.9875)
    assert len(by_name["grows"].seeds) > 5


def test_a_theorem_that_later_seeds_violate_is_refuted() -> None:
    def first_ones(rows: Sequence[StepRow]) -> Instances:
        return Instances([float(row.seed >= 5) for row in rows], control=[1.0])

    always = claim("always", Theorem("a seed below five", control="one"), first_ones)
    found = outcome(experiment(GROWS, always, mean=0.9, spread=1.0), seeds=5)
    assert {finding.claim: finding.verdict for finding in found.findings}["always"] == "refuted"


def test_a_claim_at_its_bound_ends_the_run_with_its_price() -> None:
    found = outcome(experiment(GROWS, mean=0.0, spread=1.0), seeds=10)
    assert found.findings[0].verdict == "inconclusive"
    assert len(found.looks) < 5
    assert found.looks[-1].undecided["grows"].startswith("at its bound")
    assert found.looks[-1].ends == "no number of seeds within reach decides what is left"


def test_a_look_that_the_budget_does_not_allow_is_not_begun() -> None:
    found = outcome(experiment(GROWS, mean=0.9, spread=1.0), seeds=5, budget=1e-9)
    assert len(found.looks) == 1
    assert found.looks[0].ends.startswith("the next look takes about")


def test_an_interrupted_run_says_how_many_seeds_the_last_look_asked_for() -> None:
    of = experiment(GROWS, mean=0.9, spread=1.0)

    def run(setup: Setup[Params]) -> Iterator[Event]:
        if setup.seed == 7:
            raise KeyboardInterrupt
        yield from of.parts[0].run(setup)

    ended: list[Outcome] = []
    sink = Sink()
    sink.end = ended.append  # type: ignore[method-assign]
    broken = replace(of, parts=(replace(of.parts[0], run=run), of.parts[1]))
    with pytest.raises(KeyboardInterrupt):
        execute(toy.plan(broken, until="decided", seeds=5), (sink,))
    assert (len(ended[0].plan.seeds), len(ended[0].seeds_done), len(ended[0].looks)) == (10, 7, 1)


@pytest.mark.parametrize("seeds", [3, 5])
def test_looking_does_not_change_how_often_the_judge_errs(seeds: int) -> None:
    from experiments.lab.experiment import Rows
    from experiments.lab.sequential import judge_in_looks

    of, rng, verdicts = experiment(GROWS, mean=0.0, spread=1.0), np.random.default_rng(seeds), []
    schedule = toy.plan(of, until="decided", seeds=seeds).schedule[:3]
    for _ in range(300):
        drawn = [StepRow(step=value, seed=seed) for seed, value in enumerate(rng.normal(size=4 * seeds))]
        verdicts.append(judge_in_looks(of.asked, Rows({"count": drawn}), schedule)[0].verdict)
    assert verdicts.count("holds") / 300 < 0.025 + 3 * (0.025 * 0.975 / 300) ** 0.5
    assert verdicts.count("refuted") / 300 < 0.025 + 3 * (0.025 * 0.975 / 300) ** 0.5
