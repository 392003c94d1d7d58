"""What findings show, in words: one word where a run explores as usual, more where there is something to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from experiments.lab.judge.judge import Finding


def standing_words(findings: Sequence[Finding]) -> str:
    """Whether the findings of a run confirm or explore; empty for findings that were made outside of a run."""
    from experiments.lab.judge.judge import Standing

    told = [finding for finding in findings if finding.standing != Standing()]
    confirmed = [finding for finding in told if finding.standing.kind == "confirmatory"]
    if confirmed:
        others = len(told) - len(confirmed)
        looks = " and ".join(dict.fromkeys(finding.standing.why for finding in confirmed))
        return f"confirmatory, {looks}" + (f", but for {others} of {len(told)} claims" if others else "")
    notable = [finding for finding in told if finding.standing.notable]
    if not notable:
        return "exploratory" if told else ""
    reasons = {finding.standing.why for finding in notable}
    if len(reasons) == 1 and len(notable) == len(told):
        return f"exploratory: {notable[0].standing.why}"
    more = f" (and {len(notable) - 1} more)" if len(notable) > 1 else ""
    return f"exploratory: {notable[0].claim} {notable[0].standing.why}{more}"


def standing_line(finding: Finding) -> str:
    """Why a finding only explores, where a reader would not expect it; else empty."""
    standing = finding.standing
    return f"{standing.kind}: {standing.why}" if standing.notable and standing.kind == "exploratory" else ""
