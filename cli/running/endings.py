"""What the last lines of a run say, gathered from its outcome and its record."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from cli.display.ending import Ending
from cli.display.grid import Grid
from cli.display.stages import duration
from cli.display.tables import headline
from cli.running.plans import RUN_KEYS
from experiments.lab.judge.judge import NOT_JUDGED
from experiments.lab.judge.verdict import EXACT_KINDS
from experiments.lab.params import parameter_fields
from experiments.lab.partial import so_far
from experiments.lab.plan import Plan
from experiments.lab.record import records
from experiments.lab.sinks import Outcome

PLACES = ("dataset", "device")
"""Parameters that nobody sweeps for insight."""


def ending_of(outcome: Outcome, record: Path, run: str = "last") -> Ending:
    """The ending of a run, whichever way it ended; ``run`` is what the user calls it."""
    known, plan = so_far(outcome), outcome.plan
    return Ending(
        question=plan.experiment.question,
        answer=known.answer,
        status=outcome.status,
        seeds=len(plan.seeds),
        seeds_done=len(outcome.seeds_done),
        smoke=plan.smoke,
        findings=known.findings,
        headline=_headline(known),
        run=run,
        record=str(record),
        figures=tuple(str(path.relative_to(record)) for path in sorted(record.glob("plots/*.png"))),
        seconds=outcome.seconds,
        advice=next(_advice(known, run)),
    )


def usual_seconds(command: tuple[str, ...]) -> float | None:
    """How long the newest run by this command took that came to its end; None where there is none."""
    done = (one.meta for one in records() if one.meta["command"] == list(command) and one.meta["status"] == "done")
    return next((meta["seconds"] for meta in done), None)


def _headline(known: Outcome) -> Grid | None:
    """The headline's table; none where rows that are missing leave nothing to choose from."""
    if known.status == "done":
        return headline(known.plan.experiment, known.rows)
    try:
        return headline(known.plan.experiment, known.rows)
    except Exception:  # a choice among rows may need all of them
        return None


def _advice(known: Outcome, run: str) -> Iterator[str]:
    """What to try next, the best first."""
    plan, findings = known.plan, known.findings
    if known.status != "done" or plan.own:
        yield f"mlnotes show {run} --tables"
    if plan.smoke:
        yield _full_study(plan, sum(one.summary == NOT_JUDGED.summary for one in findings))
    if not all(one.as_predicted for one in findings):
        yield f"mlnotes show {run} --claims  (the evidence)"
    if any(one.verdict == "inconclusive" and one.kind not in EXACT_KINDS for one in findings) and len(plan.seeds) > 1:
        yield _price(known) if known.looks else f"{_command(plan, 'until', 'until=decided')}  (more seeds decide more)"
    yield _sweep(plan) or f"mlnotes show {run} --tables"


def _price(known: Outcome) -> str:
    """What is left undecided after the last look, and what it would cost."""
    open_claims = known.looks[-1].undecided.items()
    return f"undecided: {'; '.join(f'{claim} ({price})' for claim, price in open_claims)}"


def _full_study(plan: Plan, undecided: int) -> str:
    """In one line what the study at its full size decides, and how long it took the last time."""
    command = _command(plan)
    seconds = usual_seconds(tuple(shlex.split(command)))
    decides = f"decides {undecided} more claim{'s' * (undecided > 1)}" if undecided else "is the full study"
    return f"{command}  {decides}" + (f" in about {duration(float(f'{seconds:.2g}'))}" if seconds else "")


def _sweep(plan: Plan) -> str:
    """A sweep over the first parameter that is one of a few words; empty where there is none."""
    for field in parameter_fields(type(plan.params)):
        if isinstance(field.default, str) and len(field.choices) > 1 and field.name not in (*RUN_KEYS, *PLACES):
            return f"{_command(plan, field.name)} -m {field.name}={','.join(field.choices[:3])}"
    return ""


def _command(plan: Plan, without: str = "", *more: str) -> str:
    """The command of the full study with the user's overrides, but for one key."""
    typed = plan.command[3:] if plan.command[1:2] == ("run",) else ()
    overrides = [word for word in typed if not word.startswith("-") and word.partition("=")[0] != without]
    return shlex.join(("mlnotes", "run", plan.study, *overrides, *more))
