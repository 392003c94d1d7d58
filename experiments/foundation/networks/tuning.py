"""Which setting each arm of a comparison gets: the best mean score on its grid, with equal budgets for all arms.

A setting is a learning rate, a strength, a step: one number per run. The score is to be larger when better and comes
from validation data, never from what is judged. A best setting at the edge of its grid is not tuned: a better one may
lie beyond. Imports neither torch nor the lab, so that claims can use it:

    chosen = choose(rows, score=lambda row: row.validation_accuracy)
    if reason := untuned(chosen["sgd"], chosen["adam"]):
        return Undecided(reason)
    chosen["adam"].rows     # the runs at its best learning rate

Source: Bouthillier et al., Accounting for Variance in Machine Learning Benchmarks, MLSys 2021.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from statistics import fmean
from typing import Generic, Literal, TypeVar

R = TypeVar("R")
K = TypeVar("K", bound=Hashable)
Edge = Literal["smallest", "largest"]
Score = float | tuple[float, ...]


class TuningError(ValueError):
    """No setting can be chosen from these runs; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Choice(Generic[R]):
    """The setting that an arm gets."""

    arm: Hashable
    setting: float
    score: float
    """Mean over the seeds at this setting."""
    grid: tuple[float, ...]
    """All settings that were tried, ascending."""
    rows: tuple[R, ...]
    """The runs at the chosen setting, in their order."""

    @property
    def edge(self) -> Edge | None:
        """At which edge of the grid it lies; the smallest where only one setting was tried."""
        return edge_of(self.grid, self.setting)

    @property
    def at_edge(self) -> bool:
        """Whether it lies at an edge, so that a better setting may lie beyond."""
        return self.edge is not None


def choose(
    rows: Iterable[R],
    *,
    score: Callable[[R], Score],
    arm: Callable[[R], K] = attrgetter("arm"),
    setting: Callable[[R], float] = attrgetter("lr"),
    seed: Callable[[R], Hashable] = attrgetter("seed"),
) -> dict[K, Choice[R]]:
    """Arm -> its setting with the largest mean score over the seeds; of equal settings the smallest.

    Args:
        score: larger is better; several numbers are compared one after the other, so that the second decides between
            settings that are equal in the first. Give a diverged run the score of chance or -inf.
        arm: what the runs are grouped by: anything hashable.
        seed: what tells repetitions apart.

    Raises:
        TuningError: no run, a score that is not a number, two runs of one arm, setting and seed, or unequal budgets:
            other numbers of settings, or a setting tried on other seeds.

    >>> runs = [("sgd", 0.1, 0, 0.8), ("sgd", 0.3, 0, 0.9), ("sgd", 1.0, 0, 0.2)]
    >>> keys = {"arm": lambda r: r[0], "setting": lambda r: r[1], "seed": lambda r: r[2], "score": lambda r: r[3]}
    >>> best = choose(runs, **keys)["sgd"]
    >>> best.setting, best.score, best.edge
    (0.3, 0.9, None)
    """
    arms: dict[K, dict[float, list[R]]] = {}
    for row in rows:
        arms.setdefault(arm(row), {}).setdefault(setting(row), []).append(row)
    if not arms:
        raise TuningError("expected at least one run to choose from, got none")
    _check_budgets(
        {name: {at: [seed(run) for run in runs] for at, runs in grid.items()} for name, grid in arms.items()}
    )
    return {name: _best(name, grid, score) for name, grid in arms.items()}


def choose_by_others(
    rows: Iterable[R],
    *,
    score: Callable[[R], Score],
    arm: Callable[[R], K] = attrgetter("arm"),
    setting: Callable[[R], float] = attrgetter("lr"),
    seed: Callable[[R], Hashable] = attrgetter("seed"),
) -> dict[K, Choice[R]]:
    """As ``choose``, with every seed's run at the setting that the other seeds choose; a single seed has its own.

    For a measure that is its own score, such as steps to a target: no run has chosen what it is judged by. Setting,
    score and edge of a choice are those of all seeds.

    >>> runs = [(0.1, 0, 5), (0.3, 0, 9), (0.1, 1, 5), (0.3, 1, 4), (0.1, 2, 5), (0.3, 2, 4)]
    >>> keys = {"arm": lambda r: "", "setting": lambda r: r[0], "seed": lambda r: r[1], "score": lambda r: r[2]}
    >>> [run[2] for run in choose(runs, **keys)[""].rows], [run[2] for run in choose_by_others(runs, **keys)[""].rows]
    ([9, 4, 4], [5, 4, 4])
    """
    runs = list(rows)
    chosen = choose(runs, score=score, arm=arm, setting=setting, seed=seed)
    seeds = dict.fromkeys(map(seed, runs))
    if len(seeds) == 1:
        return chosen
    kept: dict[K, list[R]] = {name: [] for name in chosen}
    for own in seeds:
        others = [run for run in runs if seed(run) != own]
        for name, choice in choose(others, score=score, arm=arm, setting=setting, seed=seed).items():
            kept[name] += [run for run in runs if (seed(run), arm(run), setting(run)) == (own, name, choice.setting)]
    return {name: replace(choice, rows=tuple(kept[name])) for name, choice in chosen.items()}


def untuned(*choices: Choice[R], what: str = "learning rate") -> str | None:
    """Why a comparison of these arms says nothing: the first whose ``what`` is at an edge. None if all are inside."""
    for choice in choices:
        name = f" of {choice.arm}" if choice.arm else ""
        if len(choice.grid) == 1:
            return f"only one {what}{name} was tried, {choice.setting:g}"
        if choice.edge is not None:
            return f"the best {what}{name}, {choice.setting:g}, is the {choice.edge} of its grid"
    return None


def edge_of(grid: Iterable[float], setting: float) -> Edge | None:
    """The edge of ``grid`` at which ``setting`` lies; None inside.

    Raises:
        TuningError: the setting is not in the grid.

    >>> edge_of((1, 2, 3), 2), edge_of((1, 2, 3), 3), edge_of((1,), 1)
    (None, 'largest', 'smallest')
    """
    settings = sorted(grid)
    if setting not in settings:
        raise TuningError(f"expected a setting out of {settings}, got {setting}")
    if setting == settings[0]:
        return "smallest"
    return "largest" if setting == settings[-1] else None


def _best(arm: Hashable, grid: Mapping[float, Sequence[R]], score: Callable[[R], Score]) -> Choice[R]:
    means = {at: _mean(arm, at, [score(row) for row in grid[at]]) for at in sorted(grid)}
    best = max(means, key=lambda at: means[at])  # the first of equal ones, which is the smallest
    return Choice(arm=arm, setting=best, score=means[best][0], grid=tuple(means), rows=tuple(grid[best]))


def _mean(arm: Hashable, setting: float, scores: Sequence[Score]) -> tuple[float, ...]:
    columns = list(zip(*(score if isinstance(score, tuple) else (score,) for score in scores), strict=True))
    if any(math.isnan(score) for column in columns for score in column):
        raise TuningError(f"the score of {arm} at {setting:g} is not a number; count a diverged run as chance or -inf")
    return tuple(map(fmean, columns))


def _check_budgets(seeds: Mapping[K, Mapping[float, list[Hashable]]]) -> None:
    """Every arm at as many settings, every setting on the same seeds, each seed once."""
    first, grid = next(iter(seeds.items()))
    expected = set(next(iter(grid.values())))
    for arm, settings in seeds.items():
        if len(settings) != len(grid):
            raise TuningError(f"unequal budgets: {arm} was tried at {len(settings)} settings, {first} at {len(grid)}")
        for at, used in settings.items():
            if len(used) != len(set(used)):
                raise TuningError(f"{arm} has several runs at {at:g} with one seed; name what tells them apart as arm")
            if set(used) != expected:
                raise TuningError(f"unequal budgets: {arm} at {at:g} was tried on {len(used)} seeds or on other ones")
