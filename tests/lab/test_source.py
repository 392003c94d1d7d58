"""What a measure is made of: what changes its digest and what does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.lab import catalog
from experiments.lab.source import measures

LAWS = '''"""A part."""

from experiments.lab.experiment import Part, Row
from experiments.lab.judge.claims import Claim
from experiments.zoo.core.cages import size
from experiments.zoo.tigers.setup import LIMIT, worst

CHANCE = 0.5
UNUSED = 1


class LawRow(Row):
    value: float

    @property
    def excess(self) -> float:
        return self.value - CHANCE

    @property
    def other(self) -> float:
        return 1.0


def above(column: str):
    def measure(rows):
        """Text."""
        return worst([getattr(row, column) for row in rows]) > LIMIT, size  # why

    return measure


def excesses(rows: list[LawRow]) -> list[float]:
    return [row.excess for row in PART.of(rows)]


PART = Part(
    name="laws",
    claims=(
        Claim("is_above", statement="A.", rule=None, measure=above("value"), topic="t"),
        Claim("exceeds", statement="B.", rule=None, measure=excesses, topic="t"),
        Claim("is_counted", statement="C.", rule=None, measure=lambda rows: len(rows), topic="t"),
    ),
)
'''
SETUP = "LIMIT = 3\n\n\ndef worst(values):\n    return max(values)\n"
CAGES = "size = 1\n"


@pytest.fixture
def tigers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the experiment ``zoo.tigers``."""
    folder = tmp_path / "zoo" / "tigers"
    folder.mkdir(parents=True)
    (tmp_path / "zoo" / "core").mkdir()
    (tmp_path / "zoo" / "core" / "cages.py").write_text(CAGES)
    (folder / "__init__.py").write_text('"""Tigers?"""\n')
    (folder / "setup.py").write_text(SETUP)
    (folder / "laws.py").write_text(LAWS)
    monkeypatch.setattr(catalog, "EXPERIMENTS", tmp_path)
    return folder


def changed(file: Path, before: str, after: str) -> set[str]:
    """The claims whose measure is another after a change of the file."""
    first, text = measures("zoo.tigers"), file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))
    second = measures("zoo.tigers")
    assert set(first) == set(second)
    return {claim for claim in first if first[claim] != second[claim]}


@pytest.mark.parametrize(
    ("file", "before", "after", "claims"),
    [
        ("laws.py", '"value"', '"values"', {"is_above"}),
        ("laws.py", "> LIMIT", ">= LIMIT", {"is_above"}),
        ("setup.py", "3", "4", {"is_above"}),
        ("setup.py", "max", "min", {"is_above"}),
        ("laws.py", "self.value - CHANCE", "self.value", {"exceeds"}),
        ("laws.py", "CHANCE = 0.5", "CHANCE = 0.6", {"exceeds"}),
        ("laws.py", "len(rows)", "len(rows) + 1", {"is_counted"}),
    ],
)
def test_what_a_measure_names_counts_in_every_file_of_the_experiment(
    tigers: Path, file: str, before: str, after: str, claims: set[str]
) -> None:
    assert changed(tigers / file, before, after) == claims


@pytest.mark.parametrize(
    ("file", "before", "after"),
    [
        ("laws.py", "# why", "# because"),
        ("laws.py", '"""Text."""', '"""Another text."""'),
        ("laws.py", "column: str", "column: object"),
        ("laws.py", "return worst([", "return   worst(["),
        ("laws.py", "UNUSED = 1", "UNUSED = 2"),
        ("laws.py", "return 1.0", "return 2.0"),
        ("laws.py", 'name="laws"', 'name="rules"'),
        ("laws.py", 'statement="A."', 'statement="D."'),
        ("../core/cages.py", "1", "2"),
    ],
)
def test_what_decides_nothing_does_not_count(tigers: Path, file: str, before: str, after: str) -> None:
    assert changed(tigers / file, before, after) == set()


def test_the_place_of_a_definition_does_not_count(tigers: Path) -> None:
    before = measures("zoo.tigers")
    laws = tigers / "laws.py"
    laws.write_text(laws.read_text().replace("CHANCE = 0.5\n", "").replace("import LIMIT", "import CHANCE, LIMIT"))
    (tigers / "setup.py").write_text("CHANCE = 0.5\n" + SETUP)
    assert measures("zoo.tigers") == before


def test_another_function_under_the_same_name_counts(tigers: Path) -> None:
    assert changed(tigers / "laws.py", "cages import size", "cages import space as size") == {"is_above"}


@pytest.mark.parametrize("study", catalog.studies(), ids=lambda study: study.name)
def test_the_measure_of_every_claim_is_found(study: catalog.Study) -> None:
    assert {claim.name for claim in study.claims} <= set(measures(study.experiment))


def test_an_experiment_without_files_has_no_measures(tigers: Path) -> None:
    assert measures("zoo.lions") == {}
