"""Whether verdicts are those predicted, and on what they rest; plain words in, for stored findings too."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Literal

Basis = Literal["statistical", "exact", "counterexample"]
BASES: tuple[Basis, ...] = ("statistical", "exact", "counterexample")
EXACT = ("theorem", "fact")


def basis(kind: str, conditions: Collection[str]) -> Basis:
    """What a verdict rests on, from the claim's kind and those of its conditions.

    A claim with a statistical condition is statistical. What consists of theorems and facts is exact; with a
    counterexample among them the verdict was known beforehand, and it counts in no rate of predictions that came true.

    >>> basis("effect", ()), basis("conditional", ["theorem", "counterexample"]), basis("conditional", ["fact"])
    ('statistical', 'counterexample', 'exact')
    """
    kinds = set(conditions) or {kind}
    if kinds - {*EXACT, "counterexample"}:
        return "statistical"
    return "counterexample" if "counterexample" in kinds else "exact"


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
