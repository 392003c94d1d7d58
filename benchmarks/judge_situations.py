"""Data whose truth lies exactly at the border of a rule, for ``benchmarks/judge.py``: one line of its tables each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.lab.judge.comparison import Comparison, Decision, Settled, Tested
from experiments.lab.judge.measured import Pairs, Points, Trials
from experiments.lab.judge.rules import Each, Effect, Equivalence, Order, Proportion, Ratio, Slope, compare
from experiments.lab.judge.verdict import Verdict
from experiments.lab.plan import LOOKS, SCHEDULE

Array = npt.NDArray[np.float64]
Make = Callable[[np.random.Generator, int], Comparison]
"""(generator, seeds) -> one experiment's comparison."""

ALPHA = 0.05


@dataclass(frozen=True)
class Situation:
    """One way in which data are made."""

    rule: str
    words: str
    make: Make


def situations() -> Iterator[Situation]:
    """All of them, in the order of the table."""
    for words, draw in DIFFERENCES.items():
        yield Situation("effect", words, _effect(draw))
    for items in (10, 20, 50, 1000, 10_000):
        words = f"accuracy over {items:,} test items, one arm always right"
        yield Situation("effect", words, _saturated(items))
        yield Situation("equivalence", words, _saturated_equivalence(items))
    yield Situation("effect", "one run in twenty falls to chance; of the others", _effect(_chance_of_others))
    yield Situation("effect", "one run in ten fails and says so", _failing)
    yield Situation("effect", "re-splits of one pool of 1,797 items, 900 of them for test", _pooled(1797))
    yield Situation("effect", "re-splits of one pool of 70,000 items, 900 of them for test", _pooled(70_000))
    yield Situation("ratio", "lognormal factors", _ratio)
    yield Situation("equivalence", "normal differences at the margin", _equivalence)
    for width in (0.05, 0.5, 0.9):
        yield Situation("slope", f"exponent at theory + tolerance, interval of {width:g} tolerances", _slope(width))
    yield Situation("order", "no trend, independent points", _order(0.0, path=False))
    yield Situation("order", "no trend, training curves (AR 0.9)", _order(0.9, path=True))
    yield Situation("order", "no trend, random walks", _order(1.0, path=True))
    for share in (0.0, 0.02, 0.1, 0.3):
        yield Situation("proportion", f"20 trials a seed, correlation within a seed {share:g}", _proportion(share))
    for count in (2, 4, 8):
        yield Situation("conditional", f"{count} conditions, all at the border", _conditions(count))
    for words in ("normal differences", "lognormal differences, sigma 0.5, skewed down"):
        yield Situation("effect", f"{words}, until=decided", _until_decided(DIFFERENCES[words]))
    yield Situation("effect", "normal differences, three looks of --confirm", _confirm)


def unseen() -> Iterator[Situation]:
    """Those that no judge can see."""
    for words, draw in UNSEEN_DIFFERENCES.items():
        yield Situation("effect", words, _effect(draw))


def _lognormal(sigma: float, sign: int) -> Callable[[np.random.Generator, int], Array]:
    return lambda rng, n: sign * (rng.lognormal(0.0, sigma, n) - np.exp(sigma**2 / 2))


def _chance_of_others(rng: np.random.Generator, n: int) -> Array:
    """One run in twenty falls to chance and does not say so; the mean of the others is the border."""
    values = rng.normal(0.0, 0.01, n)
    values[rng.random(n) < 0.05] -= 0.8
    return values


def _chance(rng: np.random.Generator, n: int) -> Array:
    """The same with the mean over all runs at the border."""
    return _chance_of_others(rng, n) + 0.05 * 0.8


DIFFERENCES: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "normal differences": lambda rng, n: rng.normal(size=n),
    "differences with long tails (t with 3 degrees of freedom)": lambda rng, n: rng.standard_t(3, n),
    "lognormal differences, sigma 0.5, skewed up": _lognormal(0.5, 1),
    "lognormal differences, sigma 0.5, skewed down": _lognormal(0.5, -1),
}
UNSEEN_DIFFERENCES: dict[str, Callable[[np.random.Generator, int], Array]] = {
    "lognormal differences, sigma 1, skewed down": _lognormal(1.0, -1),
    "one run in twenty falls to chance, which is part of the mean": _chance,
}


def _arm(values: Array) -> dict[int, float]:
    return {seed: float(value) for seed, value in enumerate(values)}


def _zero(n: int) -> dict[int, float]:
    return dict.fromkeys(range(n), 0.0)


def _effect(draw: Callable[[np.random.Generator, int], Array]) -> Make:
    return lambda rng, n: compare(Effect("", delta=0.0), _pairs(draw(rng, n)))


def _saturated(items: int) -> Make:
    def make(rng: np.random.Generator, n: int) -> Comparison:
        lower = _arm(rng.binomial(items, 0.97, n) / items)
        return compare(Effect("", delta=0.03), Pairs(dict.fromkeys(range(n), 1.0), lower, items=items))

    return make


def _saturated_equivalence(items: int) -> Make:
    def make(rng: np.random.Generator, n: int) -> Comparison:
        lower = _arm(rng.binomial(items, 0.97, n) / items)
        return compare(Equivalence("", margin=0.03), Pairs(dict.fromkeys(range(n), 1.0), lower, items=items))

    return make


def _failing(rng: np.random.Generator, n: int) -> Comparison:
    values = rng.normal(0.0, 0.01, n)
    values[rng.random(n) < 0.1] = np.nan
    return compare(Effect("", delta=0.0), Pairs(_arm(values), _zero(n), limits=(0.0, 1.0)))


def _pooled(pool: int) -> Make:
    """Two fixed classifiers that disagree on 6 % of the population, tested on parts of one pool."""

    def make(rng: np.random.Generator, n: int) -> Comparison:
        signs = rng.choice([1.0, -1.0, 0.0], pool, p=[0.03, 0.03, 0.94])
        tested = [signs[rng.choice(pool, 900, replace=False)].mean() for _ in range(n)]
        noise = rng.normal(0.0, 0.005, n)
        return compare(
            Effect("", delta=0.0),
            Pairs(_arm(np.array(tested) + noise), _zero(n), items=900, overlap=900 / (pool - 900)),
        )

    return make


def _ratio(rng: np.random.Generator, n: int) -> Comparison:
    return compare(Ratio("", at_least=2.0), Pairs(_arm(2 * rng.lognormal(0.0, 0.4, n)), dict.fromkeys(range(n), 1.0)))


def _equivalence(rng: np.random.Generator, n: int) -> Comparison:
    return compare(Equivalence("", margin=1.0), Pairs(_arm(rng.normal(1.0, 0.4, n)), _zero(n)))


def _slope(width: float) -> Make:
    grid = 2.0 ** np.arange(5)

    def make(rng: np.random.Generator, n: int) -> Comparison:
        spread = 0.1 * width * np.sqrt(n) / 2.3
        exponents = 1.1 + spread * rng.standard_normal((n, 1))
        curves = np.exp(rng.standard_normal((n, 1)) + exponents * np.log(grid))
        y = {seed: row.tolist() for seed, row in enumerate(curves)}
        return compare(Slope("", theory=1.0, tolerance=0.1), Points(grid.tolist(), y))

    return make


def _order(memory: float, *, path: bool) -> Make:
    def make(rng: np.random.Generator, n: int) -> Comparison:
        noise = rng.standard_normal((n, 8))
        for step in range(1, 8):
            noise[:, step] += memory * noise[:, step - 1]
        y = {seed: row.tolist() for seed, row in enumerate(noise)}
        return compare(Order("", direction="rising"), Points(list(range(8)), y, path))

    return make


def _proportion(share: float) -> Make:
    """Rates of seeds from a beta distribution with that correlation within a seed; the mean rate is the border."""

    def make(rng: np.random.Generator, n: int) -> Comparison:
        weight = (1 - share) / share if share else 0.0
        of_seed = rng.beta(0.9 * weight, 0.1 * weight, n) if share else np.full(n, 0.9)
        counts = rng.binomial(20, of_seed)
        return compare(Proportion("", at_least=0.9), Trials({seed: (int(c), 20) for seed, c in enumerate(counts)}))

    return make


def _conditions(count: int) -> Make:
    def make(rng: np.random.Generator, n: int) -> Comparison:
        arms: dict[str, Pairs] = {str(k): Pairs(_arm(rng.normal(1.0, 1.0, n)), _zero(n)) for k in range(count)}
        return compare(Each(Effect("", delta=1.0), per="condition"), arms)

    return make


def _until_decided(draw: Callable[[np.random.Generator, int], Array]) -> Make:
    """Looks at all seeds so far, each at its share of the level; the first that decides is the verdict."""

    def make(rng: np.random.Generator, n: int) -> Comparison:
        values = draw(rng, SCHEDULE[-1][0] * n)
        return _first_decided(
            (compare(Effect("", delta=0.0), _pairs(values[: times * n])), share * ALPHA) for times, share in SCHEDULE
        )

    return make


def _confirm(rng: np.random.Generator, n: int) -> Comparison:
    """Looks at fresh seeds alone, each at a third of the level."""
    return _first_decided(
        (compare(Effect("", delta=0.0), _pairs(rng.normal(size=n))), ALPHA / LOOKS) for _ in range(LOOKS)
    )


def _pairs(values: Array) -> Pairs:
    return Pairs(_arm(values), _zero(len(values)))


def _first_decided(looks: Iterable[tuple[Comparison, float]]) -> Comparison:
    """Looks (comparison, level) one after the other, until one decides."""
    found = next((verdict for look, level in looks if (verdict := verdict_at(look, level)) != "inconclusive"), None)
    return Settled(kind="effect", p_value=0.0, decision=Decision(verdict=found or "inconclusive", summary=""))


def verdict_at(comparison: Comparison, level: float) -> Verdict:
    """The verdict without its words and its robustness, which cost more than it."""
    if isinstance(comparison, Tested):
        return comparison.outcome if comparison.p_value <= level else "inconclusive"
    return comparison.at(level).verdict
