"""Whether verdicts are those that were predicted; plain words in, so that stored findings are asked at no cost."""

from __future__ import annotations

from collections.abc import Mapping


def as_predicted(verdict: str, predicted: str | Mapping[str, str], conditions: Mapping[str, str]) -> bool:
    """Whether a finding came out as predicted, condition by condition where the prediction names them.

    What was not judged, or not predicted, contradicts nothing; what failed is never as predicted.

    Args:
        verdict: of the whole claim.
        predicted: one verdict, or one per condition.
        conditions: the verdicts per condition; empty where there are none.
    """
    if verdict in ("failed", "not judged"):
        return verdict == "not judged"
    if isinstance(predicted, str):
        return verdict == predicted
    return bool(conditions) and all(one in (predicted.get(name, one), "not judged") for name, one in conditions.items())
