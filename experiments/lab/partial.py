"""What a run lets one say that did not come to its end: of the repetitions that did, without statistical verdicts.

A claim over seeds is not judged on those that happened to be ready: whoever stops a run when it looks well would choose
its verdict. Theorems and facts need no second seed and are judged on whole repetitions.
"""

from __future__ import annotations

from dataclasses import replace

from experiments.lab.experiment import Rows
from experiments.lab.judge.judge import NOT_JUDGED, Finding, judge
from experiments.lab.runner import answer_of
from experiments.lab.sinks import Outcome


def so_far(outcome: Outcome) -> Outcome:
    """The rows of the seeds that came to their end, with findings and an answer; all as it is where the run is done."""
    if outcome.status == "done":
        return outcome
    experiment, done = outcome.plan.experiment, set(outcome.seeds_done)
    whole = {part: tuple(row for row in rows if row.seed in done) for part, rows in outcome.rows.by_part.items()}
    rows = Rows(whole if done else {})
    findings = tuple(_of_status(one, outcome, bool(done)) for one in judge(outcome.plan.asked(rows), smoke=True))
    answer = answer_of(experiment, findings, rows) if done else ""
    return replace(outcome, rows=rows, findings=findings, answer=answer)


def _of_status(finding: Finding, outcome: Outcome, any_done: bool) -> Finding:
    """The finding; what smoke mode, or the lack of a whole seed, left out is not judged because the run ended so."""
    left_out = finding.summary == NOT_JUDGED.summary or not any_done
    return replace(finding, verdict="not judged", summary=outcome.status, conditions=()) if left_out else finding
