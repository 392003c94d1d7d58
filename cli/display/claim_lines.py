"""Claims, one line each: the verdict, the sentence, and under which conditions it holds, by name.

What a reader did not expect comes first. Where a line is too short, the claim's name stands for the sentence, since it
says the same in fewer words, and conditions are named on one side only: "fails only for rms"; what is still too long is
cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.text import Text

from cli.display.findings import WIDTH, prediction_text, verdict_style
from cli.display.formats import ACRONYMS
from cli.display.legible import cut
from experiments.lab.answers import listing

if TYPE_CHECKING:
    from experiments.lab.judge.judge import Finding

SIGNS = {"holds": "✓", "refuted": "✗", "conditional": "~", "inconclusive": "?", "failed": "!", "not judged": "-"}
SAID = {
    "holds": "holds for",
    "refuted": "fails for",
    "inconclusive": "undecided for",
    "failed": "broke down for",
    "not judged": "not judged for",
}
ORDER = ("refuted", "failed", "conditional", "inconclusive", "holds")
MARGIN = 2 + WIDTH + 2
"""Columns before the sentence."""
SENTENCE = 24
"""Columns that a sentence keeps, however much has to be said after it."""


def ordered(findings: Sequence[Finding]) -> list[Finding]:
    """Those that were judged: surprises first, then what does not simply hold."""
    judged = [finding for finding in findings if finding.verdict != "not judged"]
    return sorted(judged, key=lambda finding: (finding.as_predicted, ORDER.index(finding.verdict)))


@dataclass(frozen=True)
class LeftOut:
    """Claims that were not judged for one reason."""

    reason: str
    findings: tuple[Finding, ...]

    def line(self, width: int) -> Text:
        """The reason, with the claim where it is one, else their number."""
        first, *others = self.findings
        names = [f"{len(self.findings)} claims"] if others else [sentence(first), _short(first)]
        return _line("not judged", _with_tail(names, [f": {self.reason}"], width - MARGIN))


def left_out(findings: Sequence[Finding]) -> list[LeftOut]:
    """The claims that were not judged, by reason."""
    reasons = dict.fromkeys(finding.summary for finding in findings if finding.verdict == "not judged")
    members = ((reason, (one for one in findings if one.verdict == "not judged")) for reason in reasons)
    return [LeftOut(reason, tuple(one for one in ones if one.summary == reason)) for reason, ones in members]


def claim_line(finding: Finding, width: int) -> Text:
    """A claim on one line of at most ``width`` columns."""
    text = _fitted(finding, width - MARGIN)
    return _line(finding.verdict, text, "" if finding.as_predicted else "bold")


def sentence(finding: Finding) -> str:
    """The statement without its full stop."""
    return finding.statement.removesuffix(".")


def conditions_texts(finding: Finding) -> tuple[str, ...]:
    """What ``condition_words`` says of a finding whose verdict they explain."""
    verdicts = {one.condition: one.verdict for one in finding.conditions}
    return condition_words(verdicts) if finding.verdict in ("conditional", "inconclusive") and verdicts else ()


def condition_words(verdicts: Mapping[str, str]) -> tuple[str, ...]:
    """Where a claim holds and where it fails, by name: in full, and on the shorter side alone; once where all agree.

    Names that have commas in them are joined by "and".

    >>> condition_words({"layer": "holds", "group": "holds", "rms": "refuted"})
    ('holds for layer and group; fails for rms', 'fails only for rms')
    """
    by_verdict = {said: [name for name, one in verdicts.items() if one == verdict] for verdict, said in SAID.items()}
    named = {said: found for said, found in by_verdict.items() if found}
    full = "; ".join(f"{said} {_names(found)}" for said, found in named.items())
    if len(named) < 2:
        return (full,)
    ours = [f"{said.removesuffix(' for')} only for {_names(found)}" for said, found in named.items()]
    return (full, min(ours, key=len)) if len(named) == 2 else (full,)


def _names(names: Sequence[str]) -> str:
    return " and ".join(names) if any("," in name for name in names) else listing(names)


def _line(verdict: str, text: str, style: str = "") -> Text:
    badge = (f"{SIGNS[verdict]} {verdict:<{WIDTH}}  ", verdict_style(verdict))
    return Text.assemble(badge, (text, style), no_wrap=True, overflow="ellipsis")


def _fitted(finding: Finding, width: int) -> str:
    """The fullest text that fits."""
    whole, short = sentence(finding), _short(finding)
    tails = _tails(finding)
    if not tails:
        choices = [f"{whole}: {finding.summary}", whole, short]
        return next((text for text in choices if len(text) <= width), cut(whole, width))
    return _with_tail([whole, short], tails, width)


def _with_tail(names: Sequence[str], tails: Sequence[str], width: int) -> str:
    """The first name and tail that fit together, else the last of both, each cut."""
    choices = [name + tail for tail in tails for name in names]
    room = max(SENTENCE, width - len(tails[-1]))
    return next((text for text in choices if len(text) <= width), cut(cut(names[-1], room) + tails[-1], width))


def _short(finding: Finding) -> str:
    """The claim's name as a sentence."""
    first, *others = (ACRONYMS.get(word, word) for word in finding.claim.split("_"))
    return " ".join((first[:1].upper() + first[1:] if first.islower() else first, *others))


def _tails(finding: Finding) -> list[str]:
    """What must follow the sentence, in full and shorter: conditions, why it is undecided, a surprise's prediction."""
    undecided = finding.verdict in ("inconclusive", "failed")
    reasons = conditions_texts(finding) or ((finding.summary,) if undecided else ())
    predicted = "" if finding.as_predicted else f" (predicted: {_predicted(finding)})"
    return [f": {reason}{predicted}" for reason in reasons] or ([predicted] if predicted else [])


def _predicted(finding: Finding) -> str:
    """The prediction; of a prediction condition by condition only what came out otherwise."""
    if isinstance(finding.predicted, str):
        return finding.predicted
    found = {one.condition: one.verdict for one in finding.conditions}
    others = {name: verdict for name, verdict in finding.predicted.items() if found.get(name) != verdict}
    return prediction_text(others or finding.predicted)
