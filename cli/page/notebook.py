"""A run as a notebook shows it: answer, headline and findings, without a style sheet."""

from __future__ import annotations

from cli.display.claim_lines import left_out, ordered
from cli.display.findings import evidence_text, prediction_text
from cli.page.claims import Verdict
from cli.page.render import render
from cli.page.story import headline_view
from experiments.lab.partial import so_far
from experiments.lab.sinks import Outcome


def notebook_html(outcome: Outcome) -> str:
    """What Jupyter displays for a run; text from data is escaped."""
    known, plan = so_far(outcome), outcome.plan
    status = [] if outcome.status == "done" else [f"This run was not finished ({outcome.status})."]
    return render(
        "notebook.html.j2",
        question=plan.experiment.question,
        said=[*status, *([known.answer] if known.answer else [])],
        headline=headline_view(plan.experiment, known.rows),
        findings=ordered(known.findings),
        left_out=left_out(known.findings),
        verdict=Verdict,
        predicted=prediction_text,
        evidence=evidence_text,
    )
