"""The seal of a claim: a hash of all that decides it, so that it cannot change in silence.

It covers the statement, the rule with every threshold, the conditions that the prediction names, the measure's source
and the study's numbers. The prediction itself is kept beside it in ``conf/claims.lock`` and compared as text; so is a
hash of the cores and the foundation, which may change and are then named, because their tests hold what they compute.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from experiments.lab.code import core_of
from experiments.lab.experiment import Experiment
from experiments.lab.judge.claims import Claim, Prediction
from experiments.lab.params import plain
from experiments.lab.source import measures


@dataclass(frozen=True, kw_only=True)
class Seal:
    """What a claim is at one moment, for one study."""

    statement: str
    rule: str
    measure: str
    """sha256 of its source; empty where the claim stands in no file of the experiment."""
    predicted: Prediction
    source: str
    """Of the prediction."""
    numbers: Mapping[str, object]
    """The study's parameters as plain values, those that are set; seeds and workers are none of them."""
    core: str = ""
    """Hash of the cores and the foundation that the experiment stands on."""

    @property
    def hash(self) -> str:
        """sha256 of all that decides the claim."""
        return _sha256([self.statement, self.rule, self.measure, _conditions(self.predicted), self.numbers])

    def changes(self, now: Seal) -> tuple[str, ...]:
        """What is another in ``now``, in a few words each; the source of the prediction does not count."""
        return tuple(_changes(self, now))


def seals(experiment: Experiment[Any, Any], name: str, params: object) -> dict[str, Seal]:
    """The seal of every claim of an experiment, of that dotted name, at these parameters."""
    sources, core = measures(name), core_of(name)
    numbers = {key: value for key, value in plain(params).items() if value is not None}
    return {
        claim.name: replace(_seal(claim, sources.get(claim.name, ""), numbers), core=core)
        for claim in experiment.all_claims
    }


def table_hash(sealed: Mapping[str, Seal]) -> str:
    """sha256 of the claims without the numbers, for a record: findings of another table are not comparable."""
    kept = ("statement", "rule", "measure", "predicted", "source")
    return _sha256([[name, *(getattr(seal, field) for field in kept)] for name, seal in sorted(sealed.items())])


def without_numbers(seal: Seal) -> dict[str, Any]:
    """A seal as a record keeps it, which has the numbers once for all claims."""
    return {key: value for key, value in vars(seal).items() if key != "numbers"}


def rule_text(value: object) -> str:
    """A rule with every field, in an order that depends on the names alone.

    >>> from experiments.lab.judge.rules import Each, Effect
    >>> rule_text(Each(Effect("accuracy", delta=0.1), per="loss"))
    "Each(per='loss', rule=Effect(delta=0.1, of='accuracy'))"
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = sorted(field.name for field in dataclasses.fields(value))
        return f"{type(value).__name__}({', '.join(f'{name}={rule_text(getattr(value, name))}' for name in names)})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {rule_text(value[key])}' for key in sorted(value))}}}"
    return repr(value)


def _seal(claim: Claim[Any], measure: str, numbers: Mapping[str, object]) -> Seal:
    return Seal(
        statement=claim.statement,
        rule=rule_text(claim.rule),
        measure=measure,
        predicted=claim.predicted,
        source=claim.source,
        numbers=numbers,
    )


def _conditions(predicted: Prediction) -> list[str]:
    return [] if isinstance(predicted, str) else sorted(predicted)


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()


def _changes(before: Seal, now: Seal) -> Iterator[str]:
    if before.statement != now.statement:
        yield "statement"
    if before.rule != now.rule:
        yield f"rule {_difference(_words(before.rule), _words(now.rule))}"
    if before.measure != now.measure:
        yield "measure"
    if before.numbers != now.numbers:
        yield f"study numbers {_difference(_items(before.numbers), _items(now.numbers))}"
    if before.predicted != now.predicted:
        yield f"prediction {_difference(_predictions(before.predicted), _predictions(now.predicted))}"


def _words(rule: str) -> list[str]:
    return [word for word in re.split(r"[(){}]|, ", rule) if word]


def _items(numbers: Mapping[str, object]) -> list[str]:
    return [f"{key}={json.dumps(value, default=str)}" for key, value in numbers.items()]


def _predictions(predicted: Prediction) -> list[str]:
    return [predicted] if isinstance(predicted, str) else [f"{verdict} under {on}" for on, verdict in predicted.items()]


def _difference(before: Sequence[str], now: Sequence[str]) -> str:
    """What went and what came.

    >>> _difference(["delta=0.1", "of='a'"], ["delta=0.2", "of='a'"])
    'delta=0.1 -> delta=0.2'
    """
    went = [word for word in before if word not in now]
    came = [word for word in now if word not in before]
    return f"{', '.join(went) or 'nothing'} -> {', '.join(came) or 'nothing'}"
