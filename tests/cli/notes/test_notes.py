"""``mlnotes notes`` and ``--check``: verdicts of the newest records, exit codes, documents, pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.invoking import Invoke, document
from tests.cli.page.reading import read

CLAIM = "claim:toys.count/values_are_not_negative"
CHAPTER = f"# Counting\n\n## Zero\n\nSay it: [Values are not negative.]({CLAIM})\n"


@pytest.fixture
def chapter(toys: Path) -> Path:
    path = toys.parent / "experiments" / "toys" / "notes.md"
    path.write_text(CHAPTER)
    return path


@pytest.fixture
def mine(toys: Path) -> Path:
    path = toys.parent / "mine.md"
    path.write_text(f'One.\n[They are]({CLAIM} "refuted"), [or not]({CLAIM}).\n')
    return path


def test_chapters_are_listed_with_what_was_found(mlnotes: Invoke, chapter: Path) -> None:
    assert mlnotes("notes").stdout.splitlines()[0] == "toys  Counting  1 not judged"
    mlnotes("run", "toys.count")
    assert mlnotes("notes").stdout.splitlines()[0] == "toys  Counting  1✓"
    listed = document(mlnotes("notes", "--json"))
    assert listed == {"chapters": [{"chapter": "toys", "title": "Counting", "sentences": 1, "verdicts": {"holds": 1}}]}


def test_a_chapter_says_what_to_run(mlnotes: Invoke, chapter: Path) -> None:
    lines = mlnotes("notes", "toys").stdout.splitlines()
    assert "- not judged    Values are not negative." in lines
    assert lines[-2:] == ["1 sentence with a claim: 1 not judged", "to judge the others: mlnotes verify toys.count"]


def test_a_chapter_as_a_document(mlnotes: Invoke, chapter: Path) -> None:
    mlnotes("run", "toys.count")
    found = document(mlnotes("notes", "toys", "--json"))
    (sentence,) = found["sentences"]
    assert found["title"] == "Counting"
    assert sentence["verdict"] == "holds"
    assert sentence["section"] == "Zero"
    assert "toys.count" in sentence["record"]


def test_a_finding_on_another_sentence_is_no_verdict(mlnotes: Invoke, chapter: Path) -> None:
    mlnotes("run", "toys.count")
    source = chapter.with_name("count.py")
    source.write_text(source.read_text().replace("Values are not negative.", "Values are positive."))
    assert document(mlnotes("notes", "toys", "--json"))["sentences"][0]["verdict"] is None


def test_a_run_at_the_studys_size_stands_before_a_newer_one(mlnotes: Invoke, chapter: Path) -> None:
    mlnotes("run", "toys.count")
    mlnotes("run", "toys.count", "fault=wrong")
    assert document(mlnotes("notes", "toys", "--json"))["sentences"][0]["verdict"] == "holds"


def test_published_verdicts_stand_where_nothing_was_run(
    mlnotes: Invoke, chapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mlnotes("run", "toys.count")
    assert mlnotes("notes", "--publish").stdout.endswith("verdicts of the records here; 1 claims have none\n")
    monkeypatch.setenv("MLNOTES_RUNS", str(chapter.parent / "none"))
    lines = mlnotes("notes", "toys").stdout.splitlines()
    assert "✓ holds*        Values are not negative." in lines
    assert lines[-1] == "* as published with mlnotes, not run here"
    (sentence,) = document(mlnotes("notes", "toys", "--json"))["sentences"]
    assert (sentence["verdict"], sentence["published"], sentence["record"]) == ("holds", True, None)


def test_check_names_what_is_no_longer_true(mlnotes: Invoke, mine: Path) -> None:
    mlnotes("run", "toys.count")
    result = mlnotes("notes", "--check", str(mine))
    assert result.exit_code == 1
    assert result.stdout.startswith(f"{mine}:2: They are (holds, not refuted: ")
    assert len(result.stdout.splitlines()) == 1
    assert result.stderr == "2 sentences with a claim, 2 judged here, 1 not as claimed\n"


def test_check_takes_what_was_not_judged_for_neither(mlnotes: Invoke, mine: Path) -> None:
    result = mlnotes("notes", "--check", str(mine))
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.splitlines()[-1] == "to judge the others: mlnotes verify toys.count"
    found = document(mlnotes("notes", "--check", str(mine), "--json"))
    assert [one["as_claimed"] for one in found["sentences"]] == [None, None]


def test_check_refuses_links_that_do_not_resolve(mlnotes: Invoke, mine: Path) -> None:
    mine.write_text("[x](claim:toys.count/values_are_negative)")
    result = mlnotes("notes", "--check", str(mine))
    assert result.exit_code == 2
    assert result.stderr.endswith("did you mean values_are_not_negative?\n")


def test_check_refuses_a_condition_that_the_claim_lacks(squares: Path, mlnotes: Invoke, mine: Path) -> None:
    mlnotes("run", "toys.squares")
    mine.write_text('\n[x](claim:toys.squares/networks_learn "holds: deeep")')
    result = mlnotes("notes", "--check", str(mine))
    assert result.exit_code == 2
    assert result.stderr.endswith(":2: toys.squares/networks_learn has no condition deeep: did you mean deep?\n")


def test_notes_become_a_page(mlnotes: Invoke, mine: Path, tmp_path: Path) -> None:
    mlnotes("run", "toys.count")
    mine.write_text(mine.read_text() + "\n<script>alert(1)</script> ![x](http://example.org/x.png)\n")
    out = tmp_path / "mine.html"
    assert mlnotes("notes", "--check", str(mine), "-o", str(out)).exit_code == 1
    page = read(out.read_text(encoding="utf-8"))
    assert "note-toys.count-values_are_not_negative" in page.ids
    assert page.ids.count("note-toys.count-values_are_not_negative") == 1
    assert "holds" in page.text
    assert "<script>alert(1)</script>" in page.text
    assert all(address.startswith("data:") for address in page.addresses)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("notes", "toys", "--check", "x.md"), "--check reads a file, not the chapter of toys"),
        (("notes", "-o", "x.html"), "-o writes one chapter"),
        (("notes", "toyz"), "unknown family toyz: did you mean toys?"),
        (("notes", "toys"), "toys has no chapter yet"),
    ],
)
def test_words_that_cannot_be_used(mlnotes: Invoke, toys: Path, words: tuple[str, ...], said: str) -> None:
    result = mlnotes(*words)
    assert result.exit_code == 2
    assert result.stderr.startswith(said)
