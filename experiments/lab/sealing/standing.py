"""What a run can show: confirm claims that were sealed before, on seeds drawn for it, or only explore them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from experiments.lab.errors import InputError
from experiments.lab.judge.judge import Finding, Standing
from experiments.lab.plan import FRESH, LOOKS, Plan
from experiments.lab.sealing import lock
from experiments.lab.sealing.lock import Entry
from experiments.lab.sealing.looks import ledger
from experiments.lab.sealing.seal import Seal, seals


def with_standing(plan: Plan) -> Plan:
    """The plan with the seals of its claims as they are when it begins, and what its findings can show."""
    sealed = seals(plan.experiment, plan.name, plan.params)
    return replace(plan, seals=sealed, standings=standings(plan, sealed))


def standings(plan: Plan, sealed: Mapping[str, Seal]) -> dict[str, Standing]:
    """Claim -> whether a finding of this run confirms it, and why not."""
    try:
        entries = lock.read(plan.study)
    except InputError as unreadable:
        return dict.fromkeys(sealed, Standing(why=unreadable.problems[0], notable=True))
    return {name: _standing(name, plan, entries.get(name), seal) for name, seal in sealed.items()}


def confirming(plan: Plan, home: Path | None = None, *, own_parts: tuple[str, ...] | None = None) -> Plan:
    """The plan at the next fresh seeds, as a look at its claims that is recorded.

    ``own_parts`` are those that the study runs by itself, all by default.

    Raises:
        InputError: it is not the study as it was sealed, or all its looks are spent; one line per problem.
    """
    problems = list(_in_the_way(plan, own_parts))
    if problems:
        raise InputError(*problems)
    hashes = {name: seal.hash for name, seal in seals(plan.experiment, plan.name, plan.params).items()}
    seeds, look = ledger(home).draw(plan.study, hashes, len(plan.schedule[-1][0]))
    return replace(plan, settings=replace(plan.settings, seed=seeds[0]), look=look)


def standing_of_run(found: Mapping[str, Standing]) -> Standing:
    """What is said of a run as a whole: of a confirmatory one the look, else the first reason that is notable."""
    ordered = sorted(found.values(), key=lambda one: (one.kind != "confirmatory", not one.notable))
    return ordered[0] if ordered else Standing(why="without claims")


def standing(findings: tuple[Finding, ...], found: Mapping[str, Standing]) -> tuple[Finding, ...]:
    """The findings, each with its standing."""
    return tuple(replace(finding, standing=found.get(finding.claim, finding.standing)) for finding in findings)


def _standing(name: str, plan: Plan, entry: Entry | None, seal: Seal) -> Standing:
    if plan.smoke:
        return Standing(why="smoke size")
    if entry is None or entry.withdrawn:
        return Standing(why="not sealed")
    changed = lock.changes(entry, seal)
    if changed and all(change.startswith("study numbers") for change in changed):
        return Standing(why=f"other {'; '.join(changed)}")
    if changed:
        return Standing(why=f"changed since it was sealed on {entry.sealed}: {'; '.join(changed)}", notable=True)
    if plan.look is None:
        return _explored(plan)
    if name not in plan.look.numbers:
        return Standing(why=f"its {LOOKS} looks are spent", notable=True)
    core = "; a core has changed since the seal" if lock.other_core(entry, seal) else ""
    former = plan.look.former[name]
    before = f", after {former} look{'s' * (former > 1)} at what it was before" if former else ""
    why = f"look {plan.look.numbers[name]} of {LOOKS}, {_span(plan)}{before}{core}"
    return Standing(kind="confirmatory", why=why, notable=True)


def _explored(plan: Plan) -> Standing:
    if plan.seeds[-1] < FRESH:
        return Standing(why=f"seeds below {FRESH}")
    return Standing(why=f"{_span(plan)}, not drawn by --confirm", notable=True)


def _span(plan: Plan) -> str:
    first, last = plan.seeds[0], plan.seeds[-1]
    return f"seed {first}" if first == last else f"seeds {first}-{last}"


def _in_the_way(plan: Plan, own_parts: tuple[str, ...] | None) -> Iterator[str]:
    """Why a plan cannot confirm."""
    if plan.smoke:
        yield "--confirm runs the study's own numbers: leave out --smoke"
        return
    if plan.settings.parts != own_parts:
        yield "--confirm judges all claims at once: leave out parts"
    if plan.settings.seed:
        yield "--confirm draws seeds that nobody has seen: leave out seed"
    entries = lock.read(plan.study)
    for name, seal in seals(plan.experiment, plan.name, plan.params).items():
        entry = entries.get(name)
        if entry is None or entry.withdrawn:
            yield f"{name} is not sealed: run `mlnotes seal {plan.study}` before the data are seen"
        elif changed := lock.changes(entry, seal):
            own = all(change.startswith("study numbers") for change in changed)
            mend = "leave out what differs" if own else f"`mlnotes seal {plan.study}` seals it as it is"
            yield f"{name} is not as it was sealed on {entry.sealed}: {'; '.join(changed)}; {mend}"
