"""What findings show, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cli.display.standings import standing_line, standing_words
from experiments.lab.judge.checks import fact
from experiments.lab.judge.judge import Finding, Standing, judge
from tests.lab.judge.given import given

(FINDING,) = judge([given(fact(1, 1), [], name="laws_hold")], smoke=False)
LOOK = Standing(kind="confirmatory", why="look 1 of 3, seeds 1000-1009", notable=True)
USUAL = Standing(why="seeds below 1000")
CHANGED = Standing(why="changed since it was sealed on 2026-12-01: measure", notable=True)
SEEN = Standing(why="seed 1000, not drawn by --confirm", notable=True)


def findings(*standings: Standing) -> list[Finding]:
    return [replace(FINDING, standing=standing) for standing in standings]


@pytest.mark.parametrize(
    ("standings", "words"),
    [
        ((), ""),
        ((Standing(),), ""),
        ((USUAL, Standing(why="smoke size")), "exploratory"),
        ((LOOK, LOOK), "confirmatory, look 1 of 3, seeds 1000-1009"),
        ((CHANGED, LOOK), "confirmatory, look 1 of 3, seeds 1000-1009, but for 1 of 2 claims"),
        ((SEEN, SEEN), "exploratory: seed 1000, not drawn by --confirm"),
        ((USUAL, CHANGED), "exploratory: laws_hold changed since it was sealed on 2026-12-01: measure"),
        ((CHANGED, SEEN), "exploratory: laws_hold changed since it was sealed on 2026-12-01: measure (and 1 more)"),
    ],
)
def test_a_run_says_in_a_word_what_it_shows_and_more_where_it_matters(
    standings: tuple[Standing, ...], words: str
) -> None:
    assert standing_words(findings(*standings)) == words


@pytest.mark.parametrize(
    ("standing", "line"), [(USUAL, ""), (LOOK, ""), (SEEN, "exploratory: seed 1000, not drawn by --confirm")]
)
def test_a_claim_has_a_line_of_its_own_where_a_reader_would_not_expect_it(standing: Standing, line: str) -> None:
    assert standing_line(findings(standing)[0]) == line
