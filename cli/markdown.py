"""Findings in Markdown, for trackers and for the summaries of continuous integration."""

from __future__ import annotations

import html
from collections.abc import Iterable

from cli.display.findings import evidence_text, prediction_text
from experiments.lab.judge.judge import Finding


def findings_table(findings: Iterable[Finding]) -> str:
    """One line per claim: verdict, sentence, evidence, and what was predicted where it was something else."""
    lines = ["| verdict | claim | evidence |", "|--|--|--|"]
    for finding in findings:
        surprise = "" if finding.as_predicted else f" (predicted: {prediction_text(finding.predicted)})"
        cells = (finding.verdict + surprise, finding.statement, evidence_text(finding))
        lines.append("| " + " | ".join(map(cell, cells)) + " |")
    return "\n".join(lines)


def cell(text: str) -> str:
    """Text inside a Markdown table as it is, whatever signs are in it.

    >>> cell("|w| < 4\\n*now*")
    '\\\\|w\\\\| &lt; 4 \\\\*now\\\\*'
    """
    escaped = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{sign}" if sign in "\\|*_`[]~" else sign for sign in escaped)
