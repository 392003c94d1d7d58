"""Findings on the terminal: what was claimed, what came out, on which evidence, and whether it was predicted.

A verdict is always a word; color only repeats it. Only ``experiments.lab.judge.judge`` decides, this module formats.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table as RichTable
from rich.text import Text

from cli.display.legible import ascii_text, one_line
from cli.display.standings import standing_line, standing_words

if TYPE_CHECKING:
    from experiments.lab.judge.claims import Prediction
    from experiments.lab.judge.judge import Condition, Finding

VERDICTS = ("holds", "refuted", "conditional", "inconclusive", "failed", "not judged")
COUNTED = {"holds": ("holds", "hold"), "refuted": ("refuted", "refuted")}
WIDTH = max(map(len, VERDICTS))

Legible = Callable[[str], str]
"""Makes text safe for the console: ``ascii_text`` or ``one_line``."""


def verdict_style(verdict: str) -> str:
    """The theme's style of a verdict."""
    return f"verdict.{verdict.replace(' ', '_')}"


def verdict_counts(verdicts: Iterable[str]) -> str:
    """How often each verdict came, in words.

    >>> verdict_counts(["holds", "refuted", "holds", "not judged"])
    '2 hold, 1 refuted, 1 not judged'
    """
    counts = Counter(verdicts)
    forms = ((counts[verdict], COUNTED.get(verdict, (verdict, verdict))) for verdict in VERDICTS)
    return ", ".join(f"{count} {plural if count > 1 else single}" for count, (single, plural) in forms if count)


@dataclass(frozen=True)
class FindingList:
    """Findings one below the other: the verdict at the left, statement and evidence at the right."""

    findings: tuple[Finding, ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if not self.findings:
            return
        yield counts_line(self.findings)
        for finding in self.findings:
            yield Text()
            yield _block(finding, ascii_text if options.ascii_only else one_line)


def findings_list(findings: Sequence[Finding]) -> FindingList:
    """A renderable of all findings of a run."""
    return FindingList(tuple(findings))


def verify_line(finding: Finding) -> Text:
    """One claim on one line: verdict, claim, statement and, where the verdict is not the predicted one, what was."""
    line = Text.assemble((f"{finding.verdict:<{WIDTH}}", verdict_style(finding.verdict)), "  ", (finding.claim, "bold"))
    line.append(f"  {finding.statement}")
    if not finding.as_predicted:
        line.append("  ")
        line.append(f"predicted: {prediction_text(finding.predicted)}", style="mismatch")
        line.append(f"  {finding.summary}", style="muted")
    return line


def prediction_text(predicted: Prediction) -> str:
    """A prediction in words, condition by condition where it names them.

    >>> prediction_text("holds"), prediction_text({"he": "holds", "xavier": "refuted", "default": "refuted"})
    ('holds', 'holds under he, refuted under xavier, default')
    """
    if isinstance(predicted, str):
        return predicted
    verdicts = dict.fromkeys(predicted.values())
    return ", ".join(
        f"{verdict} under {', '.join(name for name, one in predicted.items() if one == verdict)}"
        for verdict in verdicts
    )


def counts_line(findings: Sequence[Finding]) -> Text:
    """How many claims came out how, and how many not as predicted."""
    count = len(findings)
    line = Text(f"{count} claim{'s' * (count != 1)}: ", style="bold")
    line.append(verdict_counts(finding.verdict for finding in findings))
    surprises = sum(not finding.as_predicted for finding in findings)
    if surprises:
        line.append("; ")
        line.append(f"{surprises} not as predicted", style="mismatch")
    if words := standing_words(findings):
        line.append(f"; {words}", style="muted")
    return line


def _block(finding: Finding, legible: Legible) -> RichTable:
    """Verdict at the left, text at the right, the conditions of a conditional below the text."""
    block = _two_columns()
    statement, *details = _lines(finding, legible)
    block.add_row(_badge(finding.verdict), statement)
    for line in details:
        block.add_row("", line)
    if finding.conditions:
        block.add_row("", _conditions(finding.conditions, legible))
    return block


def _two_columns() -> RichTable:
    block = RichTable.grid(padding=(0, 2, 0, 0))
    block.add_column(width=WIDTH, no_wrap=True)
    block.add_column(ratio=1, overflow="fold")
    return block


def _badge(verdict: str) -> Text:
    return Text(verdict, style=verdict_style(verdict))


def _conditions(conditions: Sequence[Condition], legible: Legible) -> RichTable:
    """One line per condition: its verdict, the condition and the evidence."""
    block = _two_columns()
    for found in conditions:
        evidence = Text.assemble((legible(found.condition), "bold"), f": {legible(evidence_text(found))}")
        block.add_row(_badge(found.verdict), evidence)
    return block


def _lines(finding: Finding, legible: Legible) -> Iterator[Text]:
    yield Text(legible(finding.statement), style="bold")
    if said := measured_text(finding):
        yield Text(legible(said))
    if finding.robustness:
        yield Text(legible(finding.robustness), style="muted")
    if standing := standing_line(finding):
        yield Text(legible(standing), style="warning")
    data = f"data: {', '.join(finding.datasets)}" if finding.datasets else ""
    details = (finding.claim, finding.kind, finding.notes, data)
    style = "muted" if finding.as_predicted else "mismatch"
    rest = "".join(f"; {detail}" for detail in details if detail)
    yield Text.assemble((f"predicted: {prediction_text(finding.predicted)}", style), (legible(rest), "muted"))


def evidence_text(found: Finding | Condition) -> str:
    """What was measured, what follows from it, and how robust that is."""
    said = measured_text(found)
    return f"{said}; {found.robustness}" if found.robustness else said


def measured_text(found: Finding | Condition) -> str:
    """What was measured and what follows from it."""
    return f"{found.label}: {found.summary}" if found.label else found.summary
