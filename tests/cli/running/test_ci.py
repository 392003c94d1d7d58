"""What continuous integration reads: JUnit's XML, a summary, durations."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from tests.cli.invoking import Invoke


@pytest.fixture
def broken(mlnotes: Invoke, squares: Path, tmp_path: Path) -> Path:
    """Where the files are of studies of which one surprises and one crashes."""
    conf = squares.parent / "conf" / "toys"
    (conf / "squares.yaml").write_text((conf / "squares.yaml").read_text() + "share: 0.1\n")
    (conf / "count.yaml").write_text((conf / "count.yaml").read_text() + "fault: crash\n")
    files = ("--junit", str(tmp_path / "junit.xml"), "--summary", str(tmp_path / "summary.md"))
    assert mlnotes("verify", "toys", *files).exit_code == 1
    return tmp_path


def test_junit_has_a_case_per_claim(broken: Path) -> None:
    suites = ElementTree.parse(broken / "junit.xml").getroot()
    assert {name: suites.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
        "skipped": "0",
    }
    cases = {case.get("name"): [child.tag for child in case] for case in suites.iter("testcase")}
    assert cases == {"run": ["error"], "laws_hold": [], "networks_learn": ["failure"]}
    failure = suites.find(".//failure")
    assert failure is not None
    assert failure.get("message") == "conditional, predicted: holds under wide, deep"
    error = suites.find(".//error")
    assert error is not None
    assert str(error.get("message")).startswith("ValueError: the sky fell")


def test_what_was_not_judged_is_skipped(mlnotes: Invoke, squares: Path, tmp_path: Path) -> None:
    mlnotes("verify", "toys.squares", "--smoke", "--junit", str(tmp_path / "junit.xml"))
    (suite,) = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert (suite.get("name"), suite.get("tests"), suite.get("skipped")) == ("toys.squares", "2", "1")


def test_the_summary_begins_with_what_went_wrong(broken: Path) -> None:
    lines = [line for line in (broken / "summary.md").read_text().splitlines() if line]
    assert lines[0] == "### mlnotes: 1 holds, 1 conditional"
    assert lines[1].startswith("- **toys.count could not be run**: ValueError: the sky fell")
    assert lines[2] == "**1 not as predicted**"
    assert lines[5].startswith("| conditional (predicted: holds under wide, deep) | Networks learn. |")


def test_a_summary_is_appended(broken: Path, mlnotes: Invoke) -> None:
    before = (broken / "summary.md").read_text()
    mlnotes("verify", "toys.squares", "--summary", str(broken / "summary.md"))
    assert (broken / "summary.md").read_text().startswith(before + "### mlnotes: ")


def test_durations_name_the_slowest_first(mlnotes: Invoke, squares: Path) -> None:
    lines = mlnotes("verify", "toys", "--durations").stdout.splitlines()[-3:]
    assert {line.split()[-1] for line in lines[:2]} == {"toys.count", "toys.squares"}
    assert lines[2].endswith("2 studies")


@pytest.mark.parametrize("place", [0, 1])
def test_the_document_s_commands_work(
    place: int, mlnotes: Invoke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = (Path(__file__).parents[3] / "docs" / "ci.md").read_text()
    workflow = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", document, re.DOTALL)[place])
    steps = workflow["jobs"]["verify"]["steps"] if "jobs" in workflow else workflow["verify"]["script"]
    commands = [step if isinstance(step, str) else step.get("run", "") for step in steps]
    (words,) = [shlex.split(command) for command in commands if "mlnotes verify" in command]
    monkeypatch.chdir(tmp_path)
    assert mlnotes(*words[1:]).exit_code == 0
    assert (tmp_path / "junit.xml").exists()
