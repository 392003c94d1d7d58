"""Runs a plan: every part of every seed, each event told to the sinks as it comes, then the judge and the answer."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from experiments.lab.experiment import Artifact, Event, Experiment, Figure, Note, Progress, Row, Rows
from experiments.lab.judge.judge import Finding, judge
from experiments.lab.judge.measured import NotRunError
from experiments.lab.parallel import Told, in_parallel, observe
from experiments.lab.plan import Plan
from experiments.lab.sealing.looks import give_back
from experiments.lab.sealing.standing import standing, with_standing
from experiments.lab.sequential import Looks, judge_in_looks
from experiments.lab.sinks import Looked, Outcome, SeedDone, Sink, Status, tell
from experiments.lab.stopping import guarded

Stamped = tuple[str, Event | SeedDone | Looked]
"""(part, event)"""

Elsewhere = Callable[[Plan, range], Iterator[Told]]
"""Observes these seeds of a plan in other processes, and tells what they yielded and that they ended."""


@dataclass
class Memory(Sink):
    """Keeps what a run observes, for the judge and for whoever shows it."""

    rows_by_part: dict[str, list[Row]]
    notes: list[str] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    seeds_done: list[int] = field(default_factory=list)
    looks: list[Looked] = field(default_factory=list)

    @property
    def rows(self) -> Rows:
        return Rows({part: tuple(rows) for part, rows in self.rows_by_part.items()})

    def row(self, part: str, row: Row) -> None:
        self.rows_by_part[part].append(row)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def figure(self, figure: Figure) -> None:
        self.figures.append(figure)

    def seed_done(self, seed: int) -> None:
        self.seeds_done.append(seed)

    def look(self, looked: Looked) -> None:
        self.looks.append(looked)
        self.note(looked.text)


def execute(plan: Plan, sinks: Sequence[Sink] = (), elsewhere: Elsewhere | None = None) -> Outcome | None:
    """Run ``plan`` and tell the sinks, in their order, of every event.

    ``elsewhere`` observes seeds, such as on a cluster; by default this process does, or as many as ``workers`` says.

    Returns:
        The outcome; None where the experiment yields nothing, as in a process that helps another one which records.

    Raises:
        InputError: bad parameters or data. Before the first event no sink has heard of the run.
        KeyboardInterrupt: also for a SIGTERM; the sinks have been told that the run ended.
    """
    plan = with_standing(plan)
    memory = Memory({name: [] for name in plan.parts})
    try:
        return _executed(plan, sinks, memory, elsewhere)
    except BaseException:
        if plan.look is not None and not any(memory.rows_by_part.values()):
            give_back(plan.look)
        raise


def _executed(plan: Plan, sinks: Sequence[Sink], memory: Memory, elsewhere: Elsewhere | None) -> Outcome | None:
    with guarded(plan.settings.memory_limit), closing(_events(plan, memory, elsewhere)) as told:
        first = next(told, None)
        if first is None:
            return None
        started = time.perf_counter()
        listening: list[Sink] = []
        ended = False
        try:
            for sink in sinks:
                sink.start(plan)
                listening.append(sink)
            for part, event in itertools.chain((first,), told):
                for sink in (*sinks, memory):
                    tell(sink, part, event)
            outcome = replace(_judged(plan, memory), seconds=_since(started))
            ended = True
            for sink in sinks:
                sink.end(outcome)
        except BaseException as error:
            if not ended:
                status: Status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
                broken = replace(_observed(plan, memory, status), error=error, seconds=_since(started))
                _end_broken(listening, broken, error)
            raise
        return outcome


def _events(plan: Plan, memory: Memory, elsewhere: Elsewhere | None) -> Generator[Stamped]:
    """Events of every seed; in a run until its claims are decided also the looks, at what ``memory`` has by then."""
    noted: set[str] = set()
    if plan.settings.until == "seeds":
        yield from _of_seeds(plan, plan.seeds, noted, elsewhere)
        return
    started = time.perf_counter()
    looks = Looks(plan, clock=lambda: _since(started))
    while seeds := looks.next_seeds():
        yield from _of_seeds(plan, seeds, noted, elsewhere)
        if not memory.seeds_done:  # a process that helps another one, which looks
            return
        yield "", looks.look(memory.rows)


def _of_seeds(plan: Plan, seeds: range, noted: set[str], elsewhere: Elsewhere | None) -> Iterator[Stamped]:
    """Events of these seeds, rows stamped with theirs, and their ends; of figures and equal notes the first pass."""
    if elsewhere is not None:
        events = elsewhere(plan, seeds)
    elif plan.settings.workers > 1 and len(seeds) > 1:
        events = in_parallel(plan.name, plan.params, plan.parts, seeds, plan.settings.workers)
    else:
        events = _in_turn(plan, seeds)
    heard: set[int] = set()
    for seed, part, event in events:
        if event is None:
            if seed in heard:
                yield "", SeedDone(seed)
            continue
        heard.add(seed)
        if isinstance(event, Note) and event.text in noted:
            continue
        if isinstance(event, Note):
            noted.add(event.text)
        if isinstance(event, Figure) and seed != plan.settings.seed:
            continue
        yield part, _stamped(event, seed, plan)


def _in_turn(plan: Plan, seeds: range) -> Iterator[Told]:
    for seed in seeds:
        yield from ((seed, part, event) for part, event in observe(plan.experiment, plan.params, plan.parts, seed))
        yield seed, "", None


def answer_of(experiment: Experiment[Any, Any], findings: Sequence[Finding], rows: Rows) -> str:
    """The experiment's answer, else a sentence that says why there is none: rows must not be lost for it."""
    try:
        return experiment.answer({finding.claim: finding for finding in findings}, rows)
    except NotRunError as left_out:
        return f"Not answered in this run: {left_out}."
    except Exception as error:
        return f"No answer: {type(error).__name__}: {' '.join(str(error).split())}."


def _stamped(event: Event, seed: int, plan: Plan) -> Event:
    if isinstance(event, Row):
        return replace(event, seed=seed)
    if isinstance(event, Progress) and len(plan.seeds) > 1:
        return replace(event, stage=f"seed {seed}: {event.stage}")
    if isinstance(event, Artifact) and seed != plan.settings.seed:
        return replace(event, name=f"seed-{seed}-{event.name}")
    return event


def _judged(plan: Plan, memory: Memory) -> Outcome:
    observed = _observed(plan, memory, "done")
    findings = standing(_findings(plan, observed), plan.standings)
    return replace(observed, findings=findings, answer=answer_of(plan.experiment, findings, observed.rows))


def _findings(plan: Plan, observed: Outcome) -> tuple[Finding, ...]:
    if observed.looks:
        return judge_in_looks(plan.asked, observed.rows, plan.schedule[: len(observed.looks)], smoke=plan.smoke)
    return judge(plan.asked(observed.rows), smoke=plan.smoke, level=plan.level)


def _observed(plan: Plan, memory: Memory, status: Status) -> Outcome:
    """What there is by now; the plan is that of the seeds that the last look asked for."""
    if memory.looks:
        last = memory.looks[-1]
        plan = replace(plan, settings=replace(plan.settings, seeds=last.then or last.seeds, until="seeds"))
    return Outcome(
        plan=plan,
        status=status,
        rows=memory.rows,
        notes=tuple(memory.notes),
        figures=tuple(memory.figures),
        looks=tuple(memory.looks),
        seeds_done=tuple(memory.seeds_done),
    )


def _end_broken(sinks: Sequence[Sink], outcome: Outcome, error: BaseException) -> None:
    """Tell every sink. One that fails again, as on a full disk, must not hide the error that brought us here."""
    for sink in sinks:
        try:
            sink.end(outcome)
        except Exception as again:
            error.add_note(f"then {type(sink).__name__} failed: {type(again).__name__}: {again}")


def _since(started: float) -> float:
    return round(time.perf_counter() - started, 3)
