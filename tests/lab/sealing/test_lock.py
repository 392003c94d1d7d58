"""The lock: what is written is read again, what changed moves to the history, and what is not sealed is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from experiments.lab.errors import InputError
from experiments.lab.sealing import lock
from experiments.lab.sealing.lock import Entry, resealed
from experiments.lab.sealing.seal import Seal

SEAL = Seal(
    core="c0de",
    statement='A "quoted" line;\nπ ≤ 4 \\ 5.',
    rule="Effect(delta=0.1, of='a')",
    measure="12ab",
    predicted={"He & 3 layers": "holds", "xavier": "refuted"},
    source="Peano",
    numbers={"steps": 3, "lrs": [3e-4, 1e-30], "deep": True, "kinds": ["a", "b"], "name": "x", "grid": [[1, 2], []]},
)
OTHER = replace(SEAL, rule="Effect(delta=0.2, of='a')", predicted="holds")


def complaints(*of: Any) -> list[str]:
    return [one.text for one in lock.complaints(*of)]


def test_what_is_written_is_read_again_whole_and_by_study(tmp_path: Path) -> None:
    path = tmp_path / "claims.lock"
    first = resealed({}, {"b": SEAL, "a": SEAL}, {}, "2026-12-01")
    changed = resealed(first, {"b": OTHER}, {SEAL.hash: "refuted"}, "2026-12-02")
    lock.write({"zoo.tigers": first, "zoo.lions": changed, "zoo.tigers_large": first}, path)
    assert lock.read_all(path)["zoo.tigers"] == first
    assert lock.read("zoo.tigers", path) == first
    assert lock.read("zoo.tiger", path) == {}
    again = lock.read("zoo.lions", path)
    assert again["b"] == changed["b"]
    assert (again["a"].withdrawn, again["a"].hash) == ("2026-12-02", SEAL.hash)
    text = path.read_text()
    assert text.index('["zoo.lions".claims.a]') < text.index('["zoo.lions".claims.b]') < text.index('"zoo.tigers"')
    lock.write(lock.read_all(path), path)
    assert path.read_text() == text


def test_without_a_lock_nothing_is_sealed(tmp_path: Path) -> None:
    assert lock.read("zoo.tigers", tmp_path / "none") == {}
    assert complaints("zoo.tigers", {}, {"a": SEAL}) == ["zoo.tigers: a is not sealed"]


def test_a_lock_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    path = tmp_path / "claims.lock"
    path.write_text("<<<<<<< ours\n")
    with pytest.raises(InputError, match=r"claims\.lock cannot be read: .*mend it"):
        lock.read_all(path)


def test_a_claim_as_it_was_sealed_stays_as_it_is() -> None:
    first = resealed({}, {"a": SEAL}, {}, "2026-12-01")
    assert complaints("zoo", first, {"a": SEAL}) == []
    assert resealed(first, {"a": SEAL}, {}, "2026-12-02") == first


def test_a_better_source_of_the_prediction_is_no_change() -> None:
    first = resealed({}, {"a": SEAL}, {}, "2026-12-01")
    better = replace(SEAL, source="Dedekind 1888")
    assert resealed(first, {"a": better}, {}, "2026-12-02") == {
        "a": Entry(seal=better, hash=SEAL.hash, sealed="2026-12-01")
    }


def test_a_changed_claim_is_told_and_its_former_seal_moves_to_the_history_with_its_verdict() -> None:
    first = resealed({}, {"a": SEAL}, {}, "2026-12-01")
    (line,) = complaints("zoo", first, {"a": OTHER})
    assert line == (
        "zoo: a changed since it was sealed on 2026-12-01: rule delta=0.1 -> delta=0.2; "
        "prediction holds under He & 3 layers, refuted under xavier -> holds"
    )
    second = resealed(first, {"a": OTHER}, {SEAL.hash: "inconclusive"}, "2026-12-05")["a"]
    assert (second.seal, second.hash, second.sealed) == (OTHER, OTHER.hash, "2026-12-05")
    (former,) = second.history
    assert former == {
        "seal": SEAL.hash,
        "sealed": "2026-12-01",
        "superseded": "2026-12-05",
        "changed": line.partition("2026-12-01: ")[2],
        "statement": SEAL.statement,
        "predicted": SEAL.predicted,
        "verdict": "inconclusive",
    }
    third = resealed({"a": second}, {"a": SEAL}, {}, "2026-12-06")["a"]
    assert [former["seal"] for former in third.history] == [SEAL.hash, OTHER.hash]
    assert "verdict" not in third.history[1]


def test_a_prediction_alone_that_changed_is_a_change() -> None:
    first = resealed({}, {"a": OTHER}, {}, "2026-12-01")
    turned = replace(OTHER, predicted="refuted")
    assert complaints("zoo", first, {"a": turned}) == [
        "zoo: a changed since it was sealed on 2026-12-01: prediction holds -> refuted"
    ]


def test_a_claim_that_is_gone_is_told_until_it_is_withdrawn_and_may_come_back() -> None:
    first = resealed({}, {"a": SEAL, "b": SEAL}, {}, "2026-12-01")
    assert complaints("zoo", first, {"a": SEAL}) == ["zoo: b was sealed on 2026-12-01 and is gone"]
    second = resealed(first, {"a": SEAL}, {}, "2026-12-02")
    assert complaints("zoo", second, {"a": SEAL}) == []
    assert resealed(second, {"a": SEAL}, {}, "2026-12-03") == second
    assert complaints("zoo", second, {"a": SEAL, "b": SEAL}) == ["zoo: b is not sealed"]
    assert resealed(second, {"a": SEAL, "b": SEAL}, {}, "2026-12-04") == first


def test_a_hash_that_was_edited_by_hand_is_told() -> None:
    first = resealed({}, {"a": SEAL}, {}, "2026-12-01")
    forged = {"a": replace(first["a"], hash="0" * 64)}
    assert complaints("zoo", forged, {"a": SEAL}) == ["zoo: a changed since it was sealed on 2026-12-01: hash"]


def test_a_core_that_changed_is_told_apart_and_changes_no_seal() -> None:
    sealed = replace(SEAL, core="a")
    (entry,) = lock.resealed({}, {"one": sealed}, {}, "2026-12-01").values()
    later = replace(sealed, core="b")
    assert (lock.changes(entry, later), lock.other_core(entry, later), lock.other_core(entry, sealed)) == (
        (),
        True,
        False,
    )
    (again,) = lock.resealed({"one": entry}, {"one": later}, {}, "2026-12-02").values()
    assert (again.sealed, again.seal.core) == ("2026-12-01", "a")


def test_studies_that_are_sealed_at_once_are_all_kept(tmp_path: Path) -> None:
    path = tmp_path / "claims.lock"
    names = [f"zoo.animal_{number}" for number in range(20)]
    first = lock.resealed({}, {"roar": SEAL}, {}, "2026-12-01")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: lock.put({name: first}, path), names))
    assert sorted(lock.read_all(path)) == sorted(names)
