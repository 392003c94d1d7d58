"""Small games in the plane, whose modes are known: how many does the generator find, and keep?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from experiments.arch.gan.setup import BALANCED, EAGER, FREE, MINIMAX, RULES, Games, rules_of
from experiments.lab.answers import mean, number
from experiments.lab.experiment import Curve, Drawing, Event, Part, Progress, Row, Table, kept, observation
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.measured import Pairs, Trials
from experiments.lab.judge.measures import by_seed
from experiments.lab.judge.rules import Each, Effect, Proportion

READ = 5
"""How often samples are looked at."""


@observation
class GameRow(Row):
    """One game after so many steps of its generator."""

    rules: str
    game: int
    step: int
    of: int
    """Modes of the data."""
    modes: int
    """Those with at least 2 % of 2,000 samples within 4.5 deviations."""
    high_quality: float
    """Share of the samples within 4.5 deviations of any mode."""


def run(games: Games) -> Iterator[Event]:
    from experiments.arch.core.planar_gans import Arena, modes, play, quality

    params = games.params
    arena = Arena(
        layout=params.data, games=params.games, width=params.width, lr=params.lr, batch_size=params.batch_size
    )
    centers = modes(params.data)
    for name in RULES:
        for step, samples in play(arena, rules_of(name), params.steps, params.steps // READ, games.seed):
            yield Progress(name, step, params.steps)
            found = quality(samples, centers)
            for game, (covered, good) in enumerate(zip(found.modes.tolist(), found.high_quality.tolist(), strict=True)):
                yield GameRow(
                    rules=name, game=game, step=step, of=len(centers), modes=int(covered), high_quality=float(good)
                )
        yield Drawing(
            name=f"samples_{name.replace(', ', '_').replace(' ', '_')}",
            title=f"Samples of one game, {name}: {int(found.modes[0])} of {len(centers)} modes",
            points=tuple((float(x), float(y)) for x, y in samples[0, :500].tolist()),
        )


def last(rows: Sequence[GameRow]) -> list[GameRow]:
    """The games as they ended."""
    end = max((row.step for row in rows), default=0)
    return kept(rows, {"step": end})


def nearly_all(rows: Sequence[GameRow]) -> Trials:
    """Balanced games that end with at least seven eighths of the modes."""
    ended = kept(last(rows), {"rules": BALANCED})
    return Trials.of(((row.seed, row.modes >= 7 / 8 * row.of) for row in ended), independent=True)


def collapsed(rows: Sequence[GameRow]) -> Mapping[str, Trials]:
    """By the rules: games that end with fewer modes than the data."""
    return {
        name: Trials.of(((row.seed, row.modes < row.of) for row in kept(last(rows), {"rules": name})), independent=True)
        for name in (BALANCED, MINIMAX, EAGER)
    }


def modes_of(first: str, second: str) -> Callable[[Sequence[GameRow]], Pairs]:
    """The measure of the modes that games end with, by two rules."""
    return lambda rows: Pairs(*(by_seed(last(rows), "modes", rules=rules) for rules in (first, second)))


def modes_found(rows: Sequence[GameRow]) -> str:
    """What the curve shows."""
    ended = last(rows)
    found = ", ".join(f"{number(mean(ended, 'modes', rules=name), 2)} ({name})" for name in RULES)
    return f"Of {ended[0].of} modes a game ends with {found}"


PART = Part(
    name="plane",
    row=GameRow,
    run=run,
    claims=(
        Claim(
            "balanced_games_find_nearly_all_modes",
            statement="With spectral normalization a balanced game ends with 7/8 of the modes in 80 % of trainings.",
            rule=Proportion("balanced games that end with at least seven eighths of the modes", at_least=0.8),
            measure=nearly_all,
            topic="GAN",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "games_lose_a_mode",
            statement="Half of the games, or more, end with fewer modes than the data: mode collapse.",
            rule=Each(Proportion("games that end with fewer modes than the data", at_least=0.5), per="rules"),
            measure=collapsed,
            topic="GAN",
            predicted={BALANCED: "refuted", MINIMAX: "refuted", EAGER: "holds"},
            source="pilot",
        ),
        Claim(
            "spectral_normalization_keeps_modes",
            statement="Without spectral normalization a balanced game ends with half a mode less, or more.",
            rule=Effect("modes of non-saturating games, with spectral normalization - without", delta=0.5),
            measure=modes_of(BALANCED, FREE),
            topic="GAN",
            predicted="holds",
            source="pilot",
        ),
        Claim(
            "an_eager_discriminator_costs_minimax_its_modes",
            statement="Five discriminator steps for one of the generator cost the minimax game at least one mode.",
            rule=Effect("modes of minimax games, 1 discriminator step - 5", delta=1.0),
            measure=modes_of(MINIMAX, EAGER),
            topic="GAN",
            predicted="holds",
            source="Goodfellow et al. 2014: log(1 - D) saturates where the discriminator is sure",
        ),
    ),
    tables=(Table("Modes found", by=("rules", "step"), columns=("modes", "high_quality")),),
    curves=(Curve("modes_by_step", "step", "modes", "rules", title=modes_found),),
)
