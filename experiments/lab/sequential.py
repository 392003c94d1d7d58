"""Seeds in looks that are fixed beforehand, until every claim is decided or the budget ends.

At every look the claims are judged on all seeds so far, at that look's share of the level; a claim that is decided
keeps its verdict. The shares add up to the level, so looking may not change how often the judge errs: at each look
Holm's procedure over all claims errs at most with that look's share, and the sum over looks is the level (Lan, DeMets,
Discrete Sequential Boundaries for Clinical Trials, Biometrika 70, 1983, with steps instead of a function).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from experiments.lab.experiment import Rows
from experiments.lab.judge.claims import Asked
from experiments.lab.judge.judge import Condition, Finding, judge
from experiments.lab.plan import Plan
from experiments.lab.sinks import Looked

HOPELESS = 2
"""Times the last look's seeds: a claim that needs more lies at its bound, and no longer asks for seeds."""


def judge_in_looks(
    asked: Callable[[Rows], Sequence[Asked]], rows: Rows, looks: Sequence[tuple[range, float]], *, smoke: bool = False
) -> tuple[Finding, ...]:
    """The findings after these looks, each of them (its seeds, its level).

    A statistical claim keeps the verdict of the look that decided it; theorems, facts and what is undecided are those
    of the last look, because a later instance may still refute a theorem.
    """
    found: tuple[Finding, ...] = ()
    for look in looks:
        found = _looked(asked, rows, look, found, smoke)
    return found


def is_decided(finding: Finding) -> bool:
    """Whether its verdict is fixed, however many seeds follow."""
    return finding.basis == "statistical" and finding.verdict in ("holds", "refuted", "conditional")


@dataclass(frozen=True, kw_only=True)
class Price:
    """What would decide a claim that is undecided."""

    words: str
    seeds: int | None = None
    """In all; None where nobody knows."""
    asks: bool = True
    """Whether seeds within reach may decide it."""


def price(finding: Finding, most: int) -> Price:
    """The price of an undecided claim, where at most so many seeds are in reach; of conditions that of the cheapest."""
    undecided = [one for one in finding.conditions or (finding,) if one.verdict == "inconclusive"]
    prices = [_price(one, most) for one in undecided]
    return min(prices, key=lambda one: (not one.asks, one.seeds or 0)) if prices else Price(words="settled", asks=False)


def _price(one: Finding | Condition, most: int) -> Price:
    needed = one.evidence.get("seeds_needed")
    if isinstance(needed, int) and needed <= HOPELESS * most:
        return Price(words=f"about {needed} seeds", seeds=needed)
    if needed is not None or "would_decide_below" in one.evidence:
        return Price(words="at its bound" + (f", about {needed} seeds" if needed else ""), asks=False)
    if "level" in one.evidence or "alpha" in one.evidence:
        return Price(words="more seeds")
    return Price(words=one.summary, asks=False)


@dataclass
class Looks:
    """The looks of one run as they are taken."""

    plan: Plan
    clock: Callable[[], float]
    """Seconds since the run began."""
    taken: list[Looked] = field(default_factory=list)
    findings: tuple[Finding, ...] = ()
    """After the last look."""

    def next_seeds(self) -> range:
        """The seeds up to the next look; empty where the run ends."""
        if not self.taken:
            return self._seeds(0)
        last = self.taken[-1]
        return self._seeds(last.number)[last.seeds :] if last.then else range(0)

    def look(self, rows: Rows) -> Looked:
        """Look at the claims on the rows so far; how it goes on is part of the look."""
        number, before = len(self.taken), {one.claim for one in self.findings if is_decided(one)}
        seeds, level = self.plan.schedule[number]
        self.findings = _looked(self.plan.asked, rows, self.plan.schedule[number], self.findings, self.plan.smoke)
        prices = {one.claim: price(one, self._most) for one in self.findings if one.verdict == "inconclusive"}
        then = len(self._seeds(number + 1)) if number + 1 < len(self.plan.schedule) else None
        ends = self._ends(prices, len(seeds), then)
        looked = Looked(
            number=number + 1,
            of=len(self.plan.schedule),
            seeds=len(seeds),
            level=level,
            decided=tuple(one.claim for one in self.findings if is_decided(one) and one.claim not in before),
            undecided={claim: self._words(one, len(seeds)) for claim, one in prices.items()},
            then=None if ends else then,
            ends=ends,
        )
        self.taken.append(looked)
        return looked

    @property
    def _most(self) -> int:
        return len(self.plan.schedule[-1][0])

    def _seeds(self, number: int) -> range:
        return self.plan.schedule[number][0]

    def _ends(self, prices: Mapping[str, Price], seeds: int, then: int | None) -> str:
        """Why the run ends after this look; empty where it goes on."""
        if not prices:
            return "nothing is undecided"
        if not any(one.asks for one in prices.values()):
            return "no number of seeds within reach decides what is left"
        if then is None:
            return "it was the last look"
        left, takes = self.plan.settings.budget - self.clock(), self._seconds(then - seeds, seeds)
        return f"the next look takes about {takes:.0f} s of {max(0.0, left):.0f} s left" if takes > left else ""

    def _words(self, found: Price, seeds: int) -> str:
        if found.seeds is None or found.seeds <= seeds:
            return found.words
        return f"{found.words}, {self._seconds(found.seeds - seeds, seeds):.0f} s more"

    def _seconds(self, more: int, seeds: int) -> float:
        """What more seeds take, at the pace so far."""
        return more * self.clock() / seeds


def _looked(
    asked: Callable[[Rows], Sequence[Asked]],
    rows: Rows,
    look: tuple[range, float],
    before: Sequence[Finding],
    smoke: bool,
) -> tuple[Finding, ...]:
    """The findings after one more look; those that were decided before stay."""
    seeds, level = look
    kept = {part: tuple(row for row in of if row.seed in seeds) for part, of in rows.by_part.items()}
    decided = {one.claim: one for one in before if is_decided(one)}
    return tuple(decided.get(one.claim, one) for one in judge(asked(Rows(kept)), smoke=smoke, level=level))
