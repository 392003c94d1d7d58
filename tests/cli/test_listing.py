"""``list`` and ``show``: what studies ask, claim and take."""

from __future__ import annotations

import json
from pathlib import Path

from cli.listing import section
from tests.cli.invoking import Invoke, document, mlnotes_process


def test_list_says_question_and_claims(mlnotes: Invoke) -> None:
    result = mlnotes("list", "toys")
    assert result.stdout.splitlines()[:2] == ["toys.count  Does counting end?", "  theorem  Values are not negative."]
    listed = document(mlnotes("list", "--json"))["studies"]
    assert [study["name"] for study in listed] == ["toys.count", "toys.count_large"]
    assert listed[0]["claims"] == [
        {
            "name": "values_are_not_negative",
            "kind": "theorem",
            "statement": "Values are not negative.",
            "notes": "counting (000:1)",
        }
    ]


def test_show_says_every_parameter(mlnotes: Invoke) -> None:
    text = " ".join(mlnotes("show", "toys.count").stdout.split())
    for words in (
        "Peano",
        "steps=3 (smoke: 2)",
        "an integer from 1 to 100",
        "no value is below 0, in every instance; a negative value must fail the same check",
        "predicted: holds (Peano 1889)",
        "workers=1",
    ):
        assert words in text
    steps = document(mlnotes("show", "toys.count", "--json"))["parameters"][0]
    assert (steps["name"], steps["default"], steps["smoke"]) == ("steps", 3, 2)


def test_the_list_is_plain_ascii_json_in_any_locale() -> None:
    done = mlnotes_process("list", "--json", LC_ALL="C", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert json.loads(done.stdout)["studies"]


def test_show_has_every_claim_with_its_part_rule_and_prediction(mlnotes: Invoke, squares: Path) -> None:
    shown = document(mlnotes("show", "toys.squares", "--json"))
    assert shown["parts"] == ["laws", "training"]
    laws, training = shown["claims"]
    assert (laws["part"], laws["kind"], laws["rule"]) == ("laws", "fact", "the smallest sign is 1")
    assert training == {
        "name": "networks_learn",
        "part": "training",
        "kind": "conditional",
        "statement": "Networks learn.",
        "notes": "networks",
        "rule": "Per network: accuracy - chance > 0.01, paired over seeds",
        "predicted": {"wide": "holds", "deep": "holds"},
        "source": "pilot",
    }
    assert "predicted: holds under wide, deep (pilot)" in mlnotes("show", "toys.squares").stdout


def test_show_says_how_parts_are_chosen(mlnotes: Invoke) -> None:
    (parts,) = (
        one for one in document(mlnotes("show", "toys.count", "--json"))["parameters"] if one["name"] == "parts"
    )
    assert (parts["default"], parts["legal"]) == (None, "a list of: text or null")
    assert parts["meaning"].startswith("Parts to run, such as laws,training; all by default.")


def test_sections_are_found_by_their_titles() -> None:
    text = "Does it?\n\nNotes: counting\n(000:1).\nSource: Peano, 1889.\n\nMore."
    assert section(text, "Notes") == "counting (000:1)."
    assert section(text, "Source") == "Peano, 1889."
    assert section(text, "Nothing") == ""
