"""What a finding can show: confirmed where the claim was sealed and the seeds were drawn for it, else explored."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from experiments.lab import catalog
from experiments.lab.errors import InputError
from experiments.lab.judge.judge import Standing
from experiments.lab.plan import Plan
from experiments.lab.record import Record
from experiments.lab.recording import Recording
from experiments.lab.runner import execute
from experiments.lab.sealing import lock
from experiments.lab.sealing.looks import Ledger
from experiments.lab.sealing.seal import Seal
from experiments.lab.sealing.standing import confirming, with_standing
from tests.lab import toy

CLAIM = "steps_are_small"
CHANGED = f"{CLAIM} is not as it was sealed on 2026-12-01"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of records, beside a lock that is empty."""
    (tmp_path / "conf").mkdir()
    monkeypatch.setattr(catalog, "CONF", tmp_path / "conf")
    return tmp_path / "runs"


def seal(plan: Plan, **change: str) -> Seal:
    """Seal the claim of a plan, changed before."""
    now = with_standing(plan).seals[CLAIM]
    lock.write({plan.study: lock.resealed({}, {CLAIM: replace(now, **change)}, {}, "2026-12-01")})
    return now


def whole(**settings: int) -> Plan:
    """A plan of all parts."""
    return toy.plan(parts=None, **settings)


def standing(plan: Plan) -> Standing:
    return with_standing(plan).standings[CLAIM]


@pytest.mark.parametrize(
    ("sealed", "plan", "expected"),
    [
        (None, whole(), Standing(why="not sealed")),
        ({}, whole(), Standing(why="seeds below 1000")),
        ({}, whole(smoke=True), Standing(why="smoke size")),
        ({}, whole(steps=4), Standing(why="other study numbers steps=3 -> steps=4")),
        ({}, whole(seed=1000), Standing(why="seed 1000, not drawn by --confirm", notable=True)),
        (
            {"statement": "Steps are tiny."},
            whole(),
            Standing(why="changed since it was sealed on 2026-12-01: statement", notable=True),
        ),
    ],
)
def test_what_only_explores_says_why(home: Path, sealed: dict[str, str] | None, plan: Plan, expected: Standing) -> None:
    if sealed is not None:
        seal(whole(), **sealed)
    assert standing(plan) == expected


def test_a_lock_that_cannot_be_read_stops_no_run(home: Path) -> None:
    lock.lock_file().write_text(f'{lock.HEAD}\n["lab.count".numbers\n')
    found = standing(whole())
    assert found.kind == "exploratory"
    assert "claims.lock cannot be read" in found.why


def test_a_sealed_claim_on_seeds_that_were_drawn_for_it_is_confirmed_at_a_share_of_the_level(home: Path) -> None:
    seal(whole())
    plan = confirming(whole(seeds=10), home)
    assert (plan.seeds, plan.level) == (range(1000, 1010), 0.05 / 3)
    recording = Recording(home=home)
    outcome = execute(plan, (recording,))
    assert outcome is not None
    confirmed = Standing(kind="confirmatory", why="look 1 of 3, seeds 1000-1009", notable=True)
    assert [finding.standing for finding in outcome.findings] == [confirmed]
    assert recording.record is not None
    meta = recording.record.meta
    expected = {"kind": "confirmatory", "why": "look 1 of 3, seeds 1000-1009", "notable": True}
    assert (meta["standing"], meta["standings"], meta["level"]) == (expected, {CLAIM: expected}, 0.05 / 3)
    assert recording.record.findings()[0]["standing"] == expected
    (line,) = Ledger(home).lines()
    assert (line["seeds"], line["confirm"], line["claims"]) == (
        [1000, 1009],
        True,
        {CLAIM: meta["seals"][CLAIM]["seal"]},
    )


def test_looks_follow_each_other_and_the_fourth_is_refused_in_a_line(home: Path) -> None:
    seal(whole())
    plans = [with_standing(confirming(whole(seeds=2), home)) for _ in range(3)]
    assert [plan.standings[CLAIM].why for plan in plans] == [
        "look 1 of 3, seeds 1000-1001",
        "look 2 of 3, seeds 1002-1003",
        "look 3 of 3, seeds 1004-1005",
    ]
    with pytest.raises(InputError) as caught:
        confirming(whole(), home)
    assert len(caught.value.problems) == 1


def test_the_seeds_of_a_look_that_are_run_again_explore(home: Path) -> None:
    seal(whole())
    plan = confirming(whole(), home)
    execute(plan, (Recording(home=home),))
    again = Recording(home=home)
    execute(replace(plan, look=None), (again,))
    assert isinstance(again.record, Record)
    assert again.record.meta["standing"]["why"] == "seed 1000, not drawn by --confirm"
    assert confirming(whole(), home).seeds == range(1001, 1002)


@pytest.mark.parametrize(
    ("sealed", "plan", "problems"),
    [
        (None, whole(), [f"{CLAIM} is not sealed: run `mlnotes seal lab.count` before the data are seen"]),
        ({}, whole(smoke=True), ["--confirm runs the study's own numbers: leave out --smoke"]),
        ({}, toy.plan(), ["--confirm judges all claims at once: leave out parts"]),
        ({}, whole(seed=5), ["--confirm draws seeds that nobody has seen: leave out seed"]),
        (
            {},
            whole(steps=4),
            [f"{CHANGED}: study numbers steps=3 -> steps=4; leave out what differs"],
        ),
        (
            {"statement": "Steps are tiny."},
            whole(),
            [f"{CHANGED}: statement; `mlnotes seal lab.count` seals it as it is"],
        ),
    ],
)
def test_what_cannot_confirm_is_refused_and_no_look_is_spent(
    home: Path, sealed: dict[str, str] | None, plan: Plan, problems: list[str]
) -> None:
    if sealed is not None:
        seal(whole(), **sealed)
    with pytest.raises(InputError) as caught:
        confirming(plan, home)
    assert list(caught.value.problems) == problems
    assert Ledger(home).lines() == []


def test_parts_that_the_study_leaves_out_by_itself_may_stay_out(home: Path) -> None:
    seal(whole())
    some = toy.plan()
    assert confirming(some, home, own_parts=some.settings.parts).look is not None
    for plan, own in ((some, None), (whole(), some.settings.parts)):
        with pytest.raises(InputError, match="judges all claims at once: leave out parts"):
            confirming(plan, home, own_parts=own)
