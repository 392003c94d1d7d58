"""``report --topics``: the list of topics beside the claims themselves, and the one that is kept in docs."""

from __future__ import annotations

from pathlib import Path

from cli.studies.topics import topics_text
from experiments.lab.catalog import studies
from tests.cli.invoking import Invoke

DOCS = Path(__file__).parents[3] / "docs"


def test_the_list_of_topics_in_docs_is_current() -> None:
    written = (DOCS / "topics.md").read_text(encoding="utf-8")
    assert written == topics_text(), "mlnotes report --topics docs/topics.md"


def test_every_claim_stands_in_it_once() -> None:
    lines = [line for line in topics_text().splitlines() if line.startswith("| ")]
    asked = [study for study in studies() if study.name == study.experiment]
    assert len(lines) - len({study.family for study in asked}) == sum(len(study.claims) for study in asked)


def test_it_is_written_where_it_is_wanted(mlnotes: Invoke, squares: Path, tmp_path: Path) -> None:
    assert mlnotes("report", "--topics", str(tmp_path / "topics.md")).exit_code == 0
    assert "toys.squares |" in (tmp_path / "topics.md").read_text()
