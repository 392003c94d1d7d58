"""``verify``: one line per claim, and 1 for a surprise."""

from __future__ import annotations

from pathlib import Path

from experiments.lab.catalog import find
from tests.cli.invoking import Invoke, document


def test_verify_is_one_line_per_claim(mlnotes: Invoke) -> None:
    result = mlnotes("verify", "toys")
    assert result.exit_code == 0
    claim, summary = result.stdout.splitlines()
    assert claim.split() == ["toys.count", "holds", "values_are_not_negative", "Values", "are", "not", "negative."]
    assert summary == "1 claims: 1 holds; 0 not as predicted"


def test_verify_ends_with_1_for_a_surprise_or_a_crash_and_goes_on(mlnotes: Invoke, toys: Path) -> None:
    config = toys.parent / "conf" / "toys" / "count_large.yaml"
    config.write_text(config.read_text() + "fault: wrong\n")
    surprised = mlnotes("verify", "toys.count_large", "--json")
    assert surprised.exit_code == 1
    assert document(surprised)["studies"][0]["findings"][0]["verdict"] == "refuted"
    config.write_text(config.read_text().replace("wrong", "crash"))
    crashed = document(mlnotes("verify", "toys.count_large", "toys.count", "--json"))
    assert [study["as_predicted"] for study in crashed["studies"]] == [False, True]


def test_what_is_unchanged_is_not_run_again_and_counts_all_the_same(mlnotes: Invoke, toys: Path) -> None:
    first = document(mlnotes("verify", "toys.count", "--changed", "--json"))["studies"][0]
    assert document(mlnotes("verify", "toys.count", "--changed", "--json"))["studies"] == [first]
    config = toys.parent / "conf" / "toys" / "count.yaml"
    config.write_text(config.read_text() + "rate: 0.75\n")
    second = document(mlnotes("verify", "toys.count", "--changed", "--json"))["studies"][0]
    assert second["record"] != first["record"]
    module = find("toys.count").module
    module.write_text(module.read_text() + "\nNEW = 1\n")
    assert document(mlnotes("verify", "toys.count", "--changed", "--json"))["studies"][0]["record"] != second["record"]


def test_verify_of_a_family_leaves_further_studies_to_those_who_name_them(mlnotes: Invoke) -> None:
    assert [s["study"] for s in document(mlnotes("verify", "--smoke", "--json"))["studies"]] == ["toys.count"]


def test_verify_compares_every_condition_with_its_prediction(mlnotes: Invoke, squares: Path) -> None:
    assert mlnotes("verify", "toys.squares").exit_code == 0
    config = squares.parent / "conf" / "toys" / "squares.yaml"
    config.write_text(config.read_text() + "share: 0.1\n")
    result = mlnotes("verify", "toys.squares")
    assert result.exit_code == 1
    surprise = result.stdout.splitlines()[1]
    assert surprise.startswith("toys.squares  conditional   networks_learn  Networks learn.")
    assert surprise.endswith("predicted: holds under wide, deep  holds under wide; refuted under deep")
    studies = document(mlnotes("verify", "toys.squares", "--json"))["studies"]
    conditions = {one["condition"]: one["verdict"] for one in studies[0]["findings"][1]["conditions"]}
    assert conditions == {"wide": "holds", "deep": "refuted"}


def test_a_part_that_was_left_out_is_no_surprise(mlnotes: Invoke, squares: Path) -> None:
    config = squares.parent / "conf" / "toys" / "squares.yaml"
    config.write_text(config.read_text() + "parts: [laws]\n")
    result = mlnotes("verify", "toys.squares")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "2 claims: 1 holds, 1 not judged; 0 not as predicted"
