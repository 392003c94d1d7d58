"""From a rule and a measurement to a comparison, also where nothing could be measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from experiments.lab.judge.comparison import Comparison, unavailable, undecided
from experiments.lab.judge.measured import Measured, NotMeasured, Undecided
from experiments.lab.judge.verdict import Kind


class Rule(Protocol):
    """What decides a claim, or one condition of it."""

    @property
    def kind(self) -> Kind: ...

    @property
    def takes(self) -> type:
        """What its measure must give."""

    def sentence(self) -> str:
        """When the claim holds, with every threshold."""

    def compare(self, measured: Any, /) -> Comparison:
        """The evidence of a measurement of the kind that it takes, which the judge decides at its level."""


@runtime_checkable
class Composed(Protocol):
    """A rule that consists of named ones."""

    @property
    def rules(self) -> Mapping[str, Rule]: ...


def compare(rule: Rule, measured: Measured | Mapping[str, Measured]) -> Comparison:
    """The evidence of any measurement: also of one that could not be made.

    Raises:
        MismatchError: the measure gives what the rule does not take.
    """
    if isinstance(rule, Composed) and isinstance(measured, Undecided | NotMeasured):
        measured = dict.fromkeys(rule.rules, measured)  # every condition counts in Holm's correction
    if isinstance(measured, Undecided):
        return undecided(rule.kind, measured.reason)
    if isinstance(measured, NotMeasured):
        return unavailable(rule.kind, measured.reason)
    if not isinstance(measured, rule.takes):
        raise MismatchError(
            f"{type(rule).__name__} takes {rule.takes.__name__}, its measure gives {type(measured).__name__}"
        )
    return rule.compare(measured)


class MismatchError(TypeError):
    """A rule and a measure that do not belong together: a fault of the experiment, not of its data."""
