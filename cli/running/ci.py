"""What continuous integration reads of ``verify``: JUnit's XML, a summary in Markdown, and what took longest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.etree import ElementTree

from cli.display.findings import evidence_text, prediction_text, verdict_counts
from cli.display.stages import duration
from cli.markdown import cell, findings_table
from cli.page.text import visible
from cli.running.verification import Verification
from experiments.lab.judge.judge import Finding


def write_junit(done: Sequence[Verification], path: Path) -> None:
    """A suite per study and a case per claim: a failure where it is not as predicted, skipped where it was not judged.

    Source: the schema that Jenkins, GitLab and GitHub's readers share, https://github.com/testmoapp/junitxml.
    """
    suites = ElementTree.Element("testsuites", name="mlnotes verify")
    for one in done:
        _suite(suites, one)
    for name in ("tests", "failures", "errors", "skipped"):
        suites.set(name, str(sum(int(suite.get(name, 0)) for suite in suites)))
    suites.set("time", f"{sum(one.seconds for one in done):.3f}")
    ElementTree.indent(suites)
    ElementTree.ElementTree(suites).write(path, encoding="utf-8", xml_declaration=True)


def _suite(suites: ElementTree.Element, one: Verification) -> None:
    suite = ElementTree.SubElement(suites, "testsuite", name=one.study, time=f"{one.seconds:.3f}")
    for finding in one.findings:
        _case(suite, one.study, finding)
    if one.errors:
        case = ElementTree.SubElement(suite, "testcase", classname=one.study, name="run")
        error = ElementTree.SubElement(case, "error", message=visible(one.errors[-1]))
        error.text = visible("\n".join(one.errors))
    suite.set("tests", str(len(suite)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(name, str(len(suite.findall(f"testcase/{tag}"))))


def _case(suite: ElementTree.Element, study: str, finding: Finding) -> None:
    case = ElementTree.SubElement(suite, "testcase", classname=study, name=finding.claim)
    if not finding.as_predicted:
        message = f"{finding.verdict}, predicted: {prediction_text(finding.predicted)}"
        failure = ElementTree.SubElement(case, "failure", message=visible(message))
        failure.text = visible(f"{finding.statement}\n{evidence_text(finding)}")
    elif finding.verdict == "not judged":
        ElementTree.SubElement(case, "skipped", message=visible(finding.summary))


def append_summary(done: Sequence[Verification], path: Path) -> None:
    """Append Markdown, as $GITHUB_STEP_SUMMARY wants it: surprises and errors first, then every study folded."""
    with path.open("a", encoding="utf-8") as file:
        file.write("\n".join(_summary(done)) + "\n")


def _summary(done: Sequence[Verification]) -> Iterator[str]:
    findings = [finding for one in done for finding in one.findings]
    yield f"### mlnotes: {verdict_counts(finding.verdict for finding in findings) or 'no claims'}\n"
    yield from (f"- **{cell(one.study)} could not be run**: {cell(one.errors[-1])}" for one in done if one.errors)
    surprises = [finding for finding in findings if not finding.as_predicted]
    yield (
        f"\n**{len(surprises)} not as predicted**\n\n{findings_table(surprises)}\n"
        if surprises
        else "All as predicted.\n"
    )
    for one in done:
        counts = verdict_counts(finding.verdict for finding in one.findings)
        head = f"<summary>{cell(one.study)}: {counts or 'no claims'}, {duration(one.seconds)}</summary>"
        yield f"<details>{head}\n\n{findings_table(one.findings)}\n\n</details>"


def durations(done: Sequence[Verification], most: int = 10) -> list[str]:
    """What took longest, one line a study, and the sum."""
    slowest = sorted(done, key=lambda one: -one.seconds)[:most]
    total = sum(one.seconds for one in done)
    lines = [f"{duration(one.seconds):>8}  {one.study}" for one in slowest]
    return [*lines, f"{duration(total):>8}  {len(done)} studies"]
