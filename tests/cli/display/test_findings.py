"""Findings as whole text, and what stands out without color."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper

from cli.display.console import console_for
from cli.display.findings import FindingList, findings_list, verdict_counts, verify_line
from experiments.lab.judge.claims import Prediction
from experiments.lab.judge.judge import Condition, Finding

FINDING = Finding(
    claim="recall_reaches_the_peer",
    part="search",
    kind="effect",
    statement="At equal parameters recall is at least that of the peer minus 0.01.",
    notes="NSG",
    rule="recall - recall of the peer > -0.01, paired over seeds",
    verdict="refuted",
    predicted="holds",
    source="pilot",
    label="opposite",
    summary="mean difference -0.031, 95 % interval -0.040 to -0.022, 5 seeds",
    evidence={"mean": -0.031},
    seeds=(0, 1, 2, 3, 4),
    datasets=("digits",),
)
CONDITION = Condition(
    condition="depth ≥ 12", kind="effect", verdict="holds", label=None, summary="+0.2, 3 seeds", evidence={}
)


def rendered(findings: FindingList, width: int = 80) -> str:
    stream = StringIO()
    console_for(stream, width=width).print(findings)
    return "\n".join(line.rstrip() for line in stream.getvalue().splitlines())


def test_finding_shows_verdict_statement_evidence_and_prediction() -> None:
    assert (
        rendered(findings_list([FINDING]))
        == """\
1 claim: 1 refuted; 1 not as predicted

refuted       At equal parameters recall is at least that of the peer minus
              0.01.
              opposite: mean difference -0.031, 95 % interval -0.040 to -0.022,
              5 seeds
              predicted: holds; recall_reaches_the_peer; effect; NSG; data:
              digits"""
    )


def test_wide_console_needs_one_line_per_text() -> None:
    lines = rendered(findings_list([FINDING]), width=160).splitlines()
    assert len(lines) == 5
    assert lines[2] == f"refuted       {FINDING.statement}"


def test_conditions_are_indented_with_their_verdicts() -> None:
    finding = replace(
        FINDING, verdict="conditional", label=None, conditions=(CONDITION, replace(CONDITION, verdict="refuted"))
    )
    lines = rendered(findings_list([finding])).splitlines()
    assert lines[-2:] == [
        "              holds         depth ≥ 12: +0.2, 3 seeds",
        "              refuted       depth ≥ 12: +0.2, 3 seeds",
    ]


def test_ascii_console_transcribes_what_findings_say() -> None:
    stream = TextIOWrapper(BytesIO(), encoding="ascii")
    console_for(stream, width=80).print(findings_list([replace(FINDING, conditions=(CONDITION,))]))
    stream.seek(0)
    assert "depth >= 12: +0.2, 3 seeds" in stream.read()


def test_verify_line_names_the_prediction_only_where_it_failed() -> None:
    predicted = replace(FINDING, verdict="holds", statement="A.")
    assert verify_line(predicted).plain == "holds         recall_reaches_the_peer  A."
    assert verify_line(replace(predicted, verdict="not judged")).plain == "not judged    recall_reaches_the_peer  A."
    surprise = verify_line(replace(FINDING, statement="A."))
    assert surprise.plain == f"refuted       recall_reaches_the_peer  A.  predicted: holds  {FINDING.summary}"
    assert "mismatch" in {str(span.style) for span in surprise.spans}


def test_no_findings_print_nothing() -> None:
    assert rendered(findings_list([])) == ""
    assert verdict_counts([]) == ""


def test_a_prediction_is_said_condition_by_condition() -> None:
    predicted: Prediction = {"he": "holds", "xavier": "refuted", "default": "refuted"}
    finding = replace(FINDING, kind="conditional", verdict="inconclusive", label=None, predicted=predicted)
    text = rendered(findings_list([finding]), width=160)
    assert "predicted: holds under he, refuted under xavier, default; recall_reaches_the_peer" in text
    line = verify_line(replace(finding, statement="A.", summary="no peer"))
    assert line.plain == (
        "inconclusive  recall_reaches_the_peer  A.  predicted: holds under he, refuted under xavier, default  no peer"
    )


def test_a_prediction_that_is_met_condition_by_condition_is_no_surprise() -> None:
    found = (replace(CONDITION, condition="he"), replace(CONDITION, condition="zero", verdict="refuted"))
    finding = replace(FINDING, verdict="conditional", conditions=found, predicted={"he": "holds", "zero": "refuted"})
    assert rendered(findings_list([finding])).splitlines()[0] == "1 claim: 1 conditional"
