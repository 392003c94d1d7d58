"""``list`` and ``show``: what studies ask, claim and take."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.docstring import about
from cli.past.latest import latest_results
from cli.studies.listing import CLAIM
from experiments.lab import catalog
from tests.cli.invoking import Invoke, document, mlnotes_process


def lines(mlnotes: Invoke, *words: str) -> list[str]:
    return mlnotes("list", *words).stdout.splitlines()


def test_list_has_a_line_per_study(mlnotes: Invoke) -> None:
    assert [line.split() for line in lines(mlnotes, "toys")] == [
        ["toys.count", "Does", "counting", "end?", "1", "claim"],
        ["toys.count_large", "Nine", "steps.", "1", "claim"],
    ]
    listed = document(mlnotes("list", "--json"))["studies"]
    assert [study["name"] for study in listed] == ["toys.count", "toys.count_large"]
    assert listed[0]["claims"] == [
        {
            "name": "values_are_not_negative",
            "kind": "theorem",
            "statement": "Values are not negative.",
            "notes": "counting",
        }
    ]
    assert listed[0]["last"] is None


def test_list_shows_the_last_result_here(mlnotes: Invoke, squares: Path) -> None:
    mlnotes("run", "toys.squares", "--smoke")
    smoke = lines(mlnotes)
    assert smoke[1].endswith("1✓ of 2")
    assert smoke[-1] == "and 1 on other data or longer, such as toys.count_large: list -v"
    assert smoke[-2] == "last results: ✓ holds, ✗ refuted, ~ conditional, ? inconclusive"
    mlnotes("run", "toys.squares", "share=0.1")
    mlnotes("run", "toys.squares", "--smoke")
    mlnotes("run", "toys.count", "fault=interrupt")
    never, squares = lines(mlnotes)[:-2]
    assert never.endswith(" 1 claim")
    assert squares.endswith("s 1✓ 1~ !")
    assert lines(mlnotes)[-2].endswith("! surprise")
    last = document(mlnotes("list", "--json"))["studies"][2]["last"]
    assert (last["smoke"], last["verdicts"], last["surprises"]) == (
        False,
        {"laws_hold": "holds", "networks_learn": "conditional"},
        ["networks_learn"],
    )


def test_list_is_narrowed_by_text_and_by_surprises(mlnotes: Invoke, squares: Path) -> None:
    assert [line.split()[0] for line in lines(mlnotes, "--search", "NETWORKS")] == ["toys.squares"]
    assert [line.split()[0] for line in lines(mlnotes, "--search", "counting")] == ["toys.count", "toys.count_large"]
    assert lines(mlnotes, "--search", "elephant") == []
    assert lines(mlnotes, "--failed") == []
    mlnotes("run", "toys.squares", "share=0.1")
    assert [line.split()[0] for line in lines(mlnotes, "--failed")][:-1] == ["toys.squares"]


def test_verbose_lists_claims_with_their_signs(mlnotes: Invoke) -> None:
    mlnotes("run", "toys.count")
    assert lines(mlnotes, "-v")[1] == "  ✓ theorem: Values are not negative."


@pytest.mark.parametrize("width", [60, 80, 160])
def test_no_line_is_longer_than_the_terminal_and_all_studies_fit_on_eighty_lines(width: int, tmp_path: Path) -> None:
    done = mlnotes_process("list", COLUMNS=str(width), MLNOTES_RUNS=str(tmp_path), PYTHONIOENCODING="utf-8")
    printed = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert len(printed) == sum(study.name == study.experiment for study in catalog.studies()) + 1 <= 80
    assert max(map(len, printed)) <= width


def test_a_dumb_terminal_gets_ascii(
    toys: Path, squares: Path, mlnotes: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlnotes("run", "toys.squares", "share=0.1")
    monkeypatch.setenv("TERM", "dumb")
    assert mlnotes("list", "toys").stdout.isascii()
    assert lines(mlnotes)[1].endswith("1+ 1~ !")


def test_claims_are_counted_as_they_are_read() -> None:
    studies = [study for study in catalog.studies() if study.experiment == study.name]
    counted = {one.name: sum(len(CLAIM.findall(file.read_text())) for file in one.files) for one in studies}
    assert counted == {one.name: len(one.claims) for one in studies}


def test_a_record_that_cannot_be_read_is_no_result(mlnotes: Invoke, toys: Path) -> None:
    mlnotes("run", "toys.count")
    (path,) = toys.iterdir()
    assert list(latest_results(toys)) == ["toys.count"]
    (path / "findings.json").write_text("{")
    assert latest_results(toys) == {}
    assert latest_results(toys / "nowhere") == {}


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


def test_every_study_names_its_sources_whole() -> None:
    for study in catalog.studies():
        source = "; ".join(about(study.docstring).sources)
        assert source, study.name
        assert " ".join(study.docstring.split()).count(source) == 1, study.name
        assert not source.endswith((",", ":")), study.name


def test_questions_are_short_enough_for_the_list() -> None:
    assert [study.name for study in catalog.studies() if len(study.question) > 38] == []
