"""How often the judge errs, on simulated data whose truth lies exactly at the border of the rule.

    python benchmarks/judge.py [--repetitions 2000] [--write docs/judge.md] [--plot docs/images/judge.png]

Every line is one situation: a rule, how the data are made, and per number of seeds how often the judge says *holds* and
*refuted* where both are wrong. At a level of 5 % each may happen in 2.5 % of experiments. A second table has what few
seeds cannot show.
"""

from __future__ import annotations

import argparse
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from judge_situations import ALPHA, Situation, situations, unseen, verdict_at

SEEDS = (3, 5, 10, 30)
HEAD = """# How often the judge errs

Simulated data whose truth lies exactly at the border of the rule; per number of seeds the percentage of {repetitions}
experiments that are called *holds* / *refuted*. At a level of 5 % each may happen in 2.5 %. Made by
`python benchmarks/judge.py --repetitions {repetitions} --write docs/judge.md --plot docs/images/judge.png`; a rate of
2.5 % is then seen as up to {noise:.1f} %.

- A mean over seeds is that of the runs that come through. A run that fails and says so is judged by its worst case, and
  a verdict names how many of n runs failed and how many may, by the exact 95 % bound. Where one of ten or more runs
  stands apart, 20 robust standard deviations from the median, the judge refuses with this reason.
- Trials of one seed are taken to be alike, with a correlation of at least 0.1, unless they are declared independent.
- The looks of `until=decided` and of `--confirm` share the level; the number of seeds is that of the first look.

![Wrong verdicts at the border](images/judge.png)
"""
UNSEEN = """
## What few seeds cannot show

Here the truth lies at the border because of what hardly any sample contains: one run in twenty that falls to chance, or
a tail that lifts the skewness to 6. If none of n runs fell, and with five runs that is so in 77 of 100 experiments,
data are the same as where none ever falls; a judge that refuses these refuses all. So a verdict is about runs that come
through, and says beside it how many may not ("none of 5 failed: at most 45 % do"). A measure with such a tail belongs
on a logarithmic scale, or needs 30 seeds.
"""


@dataclass(frozen=True)
class Rates:
    """Shares of experiments."""

    holds: float
    refuted: float


def rates(situation: Situation, seeds: int, repetitions: int) -> Rates:
    """How often the judge decides, each time wrongly."""
    rng = np.random.default_rng([seeds, *situation.words.encode()])
    verdicts = [verdict_at(situation.make(rng, seeds), ALPHA) for _ in range(repetitions)]
    return Rates(
        sum(verdict == "holds" for verdict in verdicts) / repetitions,
        sum(verdict in ("refuted", "conditional") for verdict in verdicts) / repetitions,
    )


def table(of: Iterable[Situation], repetitions: int, seen: dict[str, list[Rates]]) -> Iterator[str]:
    """Markdown lines, as they are known; ``seen`` is filled with the rates of each."""
    yield f"| rule | data | {' | '.join(f'{seeds} seeds' for seeds in SEEDS)} |"
    yield "|---|---|" + "--:|" * len(SEEDS)
    for situation in of:
        found = [rates(situation, seeds, repetitions) for seeds in SEEDS]
        seen[f"{situation.rule}: {situation.words}"] = found
        cells = " | ".join(f"{100 * one.holds:.1f} / {100 * one.refuted:.1f}" for one in found)
        yield f"| {situation.rule} | {situation.words} | {cells} |"


def draw_plot(seen: Mapping[str, list[Rates]], path: Path) -> None:
    """The larger of both rates in every situation, by the number of seeds."""
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(9, 0.24 * len(seen) + 1), layout="constrained")
    lines = range(len(seen))
    for index, (seeds, sign) in enumerate(zip(SEEDS, "osD^", strict=True)):
        largest = [100 * max(found[index].holds, found[index].refuted) for found in seen.values()]
        axes.plot(largest, lines, sign, ms=4, label=f"{seeds} seeds", color=f"C{index}", alpha=0.8)
    axes.axvline(2.5, color="0.3", ls="--", lw=1)
    axes.set(yticks=list(lines), yticklabels=list(seen), xlabel="wrong verdicts on one side at the border, %", xlim=0)
    axes.tick_params(axis="y", labelsize=7)
    axes.invert_yaxis()
    axes.legend(fontsize=7)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=2000)
    parser.add_argument("--write", type=Path, help="a Markdown file for the tables")
    parser.add_argument("--plot", type=Path, help="a picture of the first one")
    wanted = parser.parse_args()
    seen: dict[str, list[Rates]] = {}
    noise = 2.5 + 2 * math.sqrt(2.5 * 97.5 / wanted.repetitions)
    lines = [HEAD.format(repetitions=wanted.repetitions, noise=noise)]
    for line in itertools.chain(
        table(situations(), wanted.repetitions, seen), [UNSEEN], table(unseen(), wanted.repetitions, {})
    ):
        print(line, flush=True)
        lines.append(line)
    if wanted.write:
        wanted.write.write_text("\n".join(lines) + "\n", encoding="utf-8")
    if wanted.plot:
        draw_plot(seen, wanted.plot)


if __name__ == "__main__":
    main()
