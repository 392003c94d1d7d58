"""One instance of a statement, tried: the common answer of the checks in this core."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How far a statement is off in one instance, and how far an object that must fail the same check is."""

    part: str
    """The statement, in two or three words."""
    case: str
    """The kind of instance: a norm, a rule, a function."""
    error: float
    """0 where the statement is true; 1 for a property that the instance lacks."""
    control_error: float
    witness: str = ""
    """The instance in words that a person can check by hand."""
