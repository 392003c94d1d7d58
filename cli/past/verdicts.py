"""``mlnotes report --verdicts FILE``: every claim with its verdict, from the newest records, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cli.display.console import consoles
from cli.display.findings import VERDICTS, prediction_text
from cli.display.stages import duration
from cli.exits import complain
from cli.markdown import cell
from cli.past.best import best_of
from cli.past.stored import stored_findings
from experiments.lab.catalog import Study, studies
from experiments.lab.errors import InputError
from experiments.lab.judge.book import Book, rate
from experiments.lab.judge.judge import Condition, Finding
from experiments.lab.judge.predicted import BASES
from experiments.lab.record import Record, records
from experiments.lab.sealing import lock
from experiments.lab.sealing.looks import ledger

HEAD = """# Verdicts

Every claim of every study, from the newest run of each at its own size, written by `mlnotes report --verdicts FILE`.
*Confirmatory* is a verdict on a claim that was sealed before its seeds were drawn, *exploratory* any other; a
prediction from `pilot` was made from earlier runs of ours. Counterexamples, false by definition, count in no rate. A
verdict that is not the predicted one is marked **!**. [history.md](history.md) has what was changed after a first look
before claims were sealed.
"""


@dataclass(frozen=True)
class Chapter:
    """A study with the record that stands for it."""

    study: Study
    record: Record
    findings: tuple[Finding, ...]

    @property
    def about(self) -> str:
        """Seeds, time, code and machine, and which confirming look at the study it is, however its claims changed."""
        meta = self.record.meta
        seeds = f"seeds {meta['seeds'][0]} to {meta['seeds'][-1]}"
        commit = f"commit {meta['commit']}" if meta.get("commit") else "commit unknown"
        looks = ledger().looks(self.study.name, until=meta["started"])
        said = f"; look {looks} at this study, counting those at claims as they were before" * (looks > 1)
        return f"{seeds}; {duration(meta['seconds'])}; {commit}; {meta['machine']['processor']}{said}"


def write_verdicts(path: Path) -> None:
    """Write the book of verdicts; studies without a finished run at full size are named in it and on stderr.

    Raises:
        InputError: no study has one.
    """
    chapters, absent = read()
    if not chapters:
        raise InputError("no finished run of a study at its own size: run `mlnotes verify` first")
    path.write_text(text_of(chapters, absent), encoding="utf-8")
    if absent:
        complain(f"{len(absent)} studies have no finished run at their own size; {path} names them")
    consoles().results.print(f"{sum(len(one.findings) for one in chapters)} claims of {len(chapters)} studies: {path}")


def read() -> tuple[list[Chapter], list[str]]:
    """The studies that have a record, and the names of those that bear their experiment's name and have none."""
    known = records()
    found = {study.name: _chapter_of(study, known) for study in studies()}
    absent = [study.name for study in studies() if found[study.name] is None and study.name == study.experiment]
    return [chapter for chapter in found.values() if chapter is not None], absent


def _chapter_of(study: Study, known: Sequence[Record]) -> Chapter | None:
    """The study with a finished run at its own size, whose findings this version can read; None without one."""
    record = best_of(one for one in known if one.meta["study"] == study.name)
    if record is None or record.status != "done" or record.meta["smoke"]:
        return None
    try:
        return Chapter(study, record, stored_findings(record))
    except InputError:
        return None


def book_of(chapters: Sequence[Chapter]) -> Book:
    """What may be said of all of them together."""
    return Book({chapter.study.name: chapter.findings for chapter in chapters})


def text_of(chapters: Sequence[Chapter], absent: Sequence[str]) -> str:
    """The book."""
    book = book_of(chapters)
    lines = [HEAD, *(f"- {line}" for line in book.lines()), ""]
    lines += [f"Not run: {', '.join(absent)}.", ""] if absent else []
    lines += [*_summary(chapters), ""]
    _, doubtful = book.discoveries
    for chapter in chapters:
        lines += [*_chapter(chapter, doubtful), ""]
    return "\n".join(lines).rstrip() + "\n"


def _summary(chapters: Sequence[Chapter]) -> Iterator[str]:
    yield f"| study | {' | '.join(VERDICTS)} | {' | '.join(f'{basis}, as predicted' for basis in BASES[:2])} |"
    yield "|---|" + "--:|" * (len(VERDICTS) + 2)
    for chapter in chapters:
        counts: Counter[str] = Counter(one.verdict for one in chapter.findings)
        book = Book({"": chapter.findings})
        cells = [str(counts[verdict] or "") for verdict in VERDICTS]
        cells += [str(rate(found)) if (found := book.of(basis)) else "" for basis in BASES[:2]]
        yield f"| {chapter.study.name} | {' | '.join(cells)} |"


def _chapter(chapter: Chapter, doubtful: Sequence[Finding]) -> Iterator[str]:
    yield f"## {chapter.study.name}"
    yield f"\n{cell(chapter.study.question)}\n\n{cell(chapter.about)}.\n"
    yield "| verdict | claim | evidence | predicted, by | |"
    yield "|---|---|---|---|---|"
    for finding in chapter.findings:
        yield "| " + " | ".join(_cells(finding, doubtful=finding in doubtful)) + " |"
    former = [*_superseded(lock.read(chapter.study.name))]
    if former:
        yield "\nSuperseded claims:\n"
        yield from former


def _cells(finding: Finding, *, doubtful: bool) -> list[str]:
    surprise = "" if finding.as_predicted else " **!**"
    label = f" ({finding.label})" if finding.label else ""
    shown = "counterexample" if finding.basis == "counterexample" else finding.standing.kind
    standing = shown + (f": {finding.standing.why}" if finding.standing.kind == "confirmatory" else "")
    return [
        f"{finding.verdict}{label}{surprise}",
        cell(finding.statement),
        "<br>".join(_evidence(finding)) + ("<br>not at a false discovery rate of 5 %" if doubtful else ""),
        f"{cell(prediction_text(finding.predicted))}; {cell(finding.source)}",
        cell(standing),
    ]


def _evidence(finding: Finding) -> Iterator[str]:
    if not finding.conditions:
        yield cell(finding.summary)
    for one in finding.conditions:
        yield f"*{cell(one.condition)}*: {one.verdict}, {cell(_short(one))}"


def _short(one: Condition) -> str:
    """The effect with its interval, or the evidence up to the price of more."""
    return one.summary.partition("; it would have")[0]


def _superseded(entries: Mapping[str, lock.Entry]) -> Iterator[str]:
    for name, entry in entries.items():
        for former in entry.history:
            verdict = former.get("verdict", "never judged")
            dates = f"sealed {former['sealed']}, superseded {former['superseded']}"
            said = f"{former['statement']} ({verdict}; {dates}; changed: {former['changed']})"
            yield f"- `{name}`: {cell(said)}"
        if entry.withdrawn:
            yield f"- `{name}`: withdrawn on {entry.withdrawn}. {cell(entry.seal.statement)}"
