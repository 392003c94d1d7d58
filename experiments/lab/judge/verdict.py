"""The words of the judge: what a verdict can be, and what kinds of rules there are."""

from __future__ import annotations

from typing import Literal

Verdict = Literal["holds", "refuted", "conditional", "inconclusive", "failed", "not judged"]
Kind = Literal[
    "theorem", "counterexample", "fact", "effect", "equivalence", "slope", "order", "proportion", "conditional"
]
Evidence = dict[str, bool | int | float | str]

EXACT_KINDS: tuple[Kind, ...] = ("theorem", "counterexample", "fact")
"""Kinds that are decided without a level, and therefore in smoke mode too."""
