"""A plan: one run, fully resolved and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from experiments.lab.errors import InputError, meant
from experiments.lab.experiment import Experiment, Own, Rows, parameters
from experiments.lab.judge.claims import Asked
from experiments.lab.judge.judge import FAMILY_WISE_ALPHA, Standing
from experiments.lab.params import plain

FRESH = 1000
"""Seeds below explore; those from here on are drawn to confirm, once for each claim."""

LOOKS = 3
"""How often a claim may be looked at to confirm it; each look is judged at its share of the level."""

SCHEDULE = ((1, 1 / 2), (2, 1 / 8), (4, 1 / 8), (8, 1 / 8), (16, 1 / 8))
"""Looks of a run until its claims are decided: (seeds over the study's own number, share of the run's level)."""


def _listed(value: object) -> object:
    """``laws,training`` and one name alone are lists too."""
    return [word for word in value.split(",") if word] if isinstance(value, str) else value


def _seconds(value: object) -> object:
    """``10m`` is 600."""
    unit = {"s": 1, "m": 60, "h": 3600}.get(value[-1:]) if isinstance(value, str) else None
    if not isinstance(value, str):
        return value
    try:
        return unit * float(value[:-1]) if unit else float(value)
    except ValueError:
        raise ValueError(f"expected seconds, or a time such as 90s, 10m or 2h, got {value!r}") from None


def _bytes(value: object) -> object:
    """``4GB`` is 4e9."""
    unit = {"KB": 10**3, "MB": 10**6, "GB": 10**9}.get(value[-2:].upper()) if isinstance(value, str) else None
    try:
        return round(float(value[:-2]) * unit) if unit and isinstance(value, str) else value
    except (ValueError, OverflowError):
        return value


@parameters
class Settings:
    """What every run has beside its Params."""

    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    """First seed."""
    seeds: Annotated[int, Field(ge=1, le=10_000)] = 1
    """Number of repetitions, with the seeds seed, seed + 1, ...; claims are judged over all of them."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """Processes that share the seeds; more than one makes times incomparable."""
    parts: Annotated[tuple[str, ...] | None, BeforeValidator(_listed)] = None
    """Parts to run, such as laws,training; all by default. Claims of the others are not judged."""
    until: Literal["seeds", "decided"] = "seeds"
    """decided: seeds are doubled, four times at most, until every claim is decided or the budget ends."""
    budget: Annotated[float, BeforeValidator(_seconds), Field(gt=0)] = 600.0
    """Seconds, or 90s, 10m, 2h, that until=decided may take."""
    memory_limit: Annotated[Annotated[int, Field(ge=2**20)] | None, BeforeValidator(_bytes)] = None
    """Bytes, or 500MB, 4GB, beyond which the run with its workers is ended; none by default."""
    sink: Annotated[tuple[Literal["tensorboard", "mlflow", "visdom"], ...], BeforeValidator(_listed)] = ()
    """Trackers that show the run beside its record; each needs the extra of its name."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """A look that confirms: its seeds were drawn from those that its claims have not seen."""

    id: str
    numbers: Mapping[str, int]
    """Claim -> which of its looks it is, from 1 on; without those that have had all."""
    former: Mapping[str, int]
    """Claim -> how many looks were taken at it before it was changed to what it is."""
    ledger: Path
    """Where it is recorded."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One run: the experiment, its checked Params, and how often it is repeated."""

    study: str
    name: str
    """The experiment's dotted name."""
    experiment: Experiment[Any, Any]
    params: Any
    settings: Settings
    smoke: bool = False
    command: tuple[str, ...] = ()
    """What the user typed, for the record."""
    look: Look | None = None
    """Where the run is to confirm."""
    seals: Mapping[str, Any] = field(default_factory=dict)
    """Claim -> its seal when the run began; the runner fills it in."""
    standings: Mapping[str, Standing] = field(default_factory=dict)
    """Claim -> what a finding can show; the runner fills it in."""

    def __post_init__(self) -> None:
        known = [part.name for part in self.experiment.parts]
        if self.settings.parts == ():
            raise InputError(f"parts: expected one or more of {', '.join(known)}, got none")
        wrong = [name for name in self.settings.parts or () if name not in known]
        if wrong:
            raise InputError(*(f"parts: unknown part {name}: {meant(name, known)}" for name in wrong))

    @property
    def own(self) -> Own[Any] | None:
        """What measures a file of the user's, where the parameters name one."""
        own = self.experiment.own
        return own if own is not None and own.given(self.params) else None

    @property
    def seeds(self) -> range:
        """One of a file of the user's, in which nothing is drawn."""
        return range(self.settings.seed, self.settings.seed + (1 if self.own else self.settings.seeds))

    @property
    def schedule(self) -> tuple[tuple[range, float], ...]:
        """(seeds so far, level) of every look; one at all seeds unless the run goes on until its claims are decided."""
        if self.settings.until == "seeds":
            return ((self.seeds, self.level),)
        first, count = self.settings.seed, len(self.seeds)
        return tuple((range(first, first + times * count), share * self.level) for times, share in SCHEDULE)

    def asked(self, rows: Rows) -> list[Asked]:
        """Every claim with the rows that decide it; none of a file of the user's."""
        return [] if self.own else self.experiment.asked(rows)

    @property
    def level(self) -> float:
        """Level that the statistical comparisons share: of a look its part."""
        return FAMILY_WISE_ALPHA / LOOKS if self.look else FAMILY_WISE_ALPHA

    @property
    def parts(self) -> tuple[str, ...]:
        """The names of the parts to run, in the experiment's order."""
        wanted = self.settings.parts or (self.own.parts if self.own else None)
        return tuple(part.name for part in self.experiment.parts if wanted is None or part.name in wanted)

    def about(self) -> dict[str, object]:
        """What the record says of the plan, as plain values."""
        return {
            "experiment": self.name,
            "study": self.study,
            "params": plain(self.params),
            "settings": plain(self.settings),
            "seeds": list(self.seeds),
            "parts": list(self.parts),
            "smoke": self.smoke,
            "level": self.level,
            "command": list(self.command),
        }
