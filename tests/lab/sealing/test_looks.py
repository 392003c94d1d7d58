"""The ledger of looks: fresh seeds, three looks for each claim, nothing lost when several ask at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from experiments.lab.errors import InputError
from experiments.lab.sealing.looks import Ledger, give_back

CLAIMS = {"a": "hash-a", "b": "hash-b"}


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "runs")


def test_each_look_has_seeds_of_its_own_and_a_fourth_is_refused(book: Ledger) -> None:
    looks = [book.draw("zoo", CLAIMS, count) for count in (10, 5, 1)]
    assert [(seeds[0], seeds[-1]) for seeds, _ in looks] == [(1000, 1009), (1010, 1014), (1015, 1015)]
    assert [dict(look.numbers) for _, look in looks] == [{"a": 1, "b": 1}, {"a": 2, "b": 2}, {"a": 3, "b": 3}]
    with pytest.raises(InputError) as caught:
        book.draw("zoo", CLAIMS, 1)
    (problem,) = caught.value.problems
    assert problem.startswith("zoo has had its 3 looks (seeds 1000-1009, 1010-1014, 1015): a claim that is sealed anew")


def test_a_claim_that_was_sealed_anew_has_looks_of_its_own_on_seeds_that_the_study_has_not_seen(book: Ledger) -> None:
    for _ in range(3):
        book.draw("zoo", CLAIMS, 10)
    seeds, look = book.draw("zoo", {"a": "hash-a", "b": "hash-c"}, 10)
    assert (seeds[0], dict(look.numbers)) == (1030, {"b": 1})
    assert book.draw("zoo", {"b": "hash-d"}, 10)[0][0] == 1040
    assert book.draw("farm", {"b": "hash-e"}, 10)[0][0] == 1000
    assert book.draw("farm", {"b": "hash-d"}, 10)[0][0] == 1050


def test_a_look_says_how_many_came_before_its_claim_was_changed(book: Ledger) -> None:
    before = [book.draw("zoo", CLAIMS, 10)[1] for _ in range(2)]
    assert [look.former for look in before] == [{"a": 0, "b": 0}] * 2
    changed = {"a": "hash-a", "b": "hash-c"}
    assert [book.draw("zoo", changed, 10)[1].former for _ in range(2)] == [{"a": 0, "b": 2}, {"a": 0, "b": 2}]
    assert book.looks("zoo", until="2999-01-01T00:00:00+00:00") == 4


def test_seeds_that_were_run_without_being_drawn_are_no_longer_fresh_and_no_look(book: Ledger) -> None:
    book.see("zoo", CLAIMS, range(10))
    assert book.lines() == []
    book.see("zoo", CLAIMS, range(995, 1003))
    seeds, look = book.draw("zoo", CLAIMS, 2)
    assert (list(seeds), look.numbers["a"]) == ([1003, 1004], 1)


def test_a_look_that_showed_nothing_is_given_back(book: Ledger) -> None:
    seeds, look = book.draw("zoo", CLAIMS, 10)
    give_back(look)
    again, second = book.draw("zoo", CLAIMS, 10)
    assert (again, second.numbers) == (seeds, look.numbers)
    assert len(book.path.read_text().splitlines()) == 3


def test_a_line_that_was_cut_short_is_left_out(book: Ledger) -> None:
    book.draw("zoo", CLAIMS, 10)
    with book.path.open("a") as file:
        file.write('{"id": "12')
    assert len(book.lines()) == 1


def test_looks_that_are_drawn_at_once_do_not_share_seeds(book: Ledger) -> None:
    def draw(number: int) -> int:
        return book.draw("zoo", {f"claim_{number % 8}": f"hash-{number % 8}", "all": "hash"}, 1)[0][0]

    with ThreadPoolExecutor(8) as several:
        drawn = list(several.map(draw, range(3)))
    assert sorted(drawn) == [1000, 1001, 1002]
