"""The notes on the page: sentences beside their claims, chapters beside their studies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.invoking import Invoke
from tests.cli.page.reading import Read, assert_stands_alone


def test_notes_stand_beside_their_claims(mlnotes: Invoke, page: Callable[..., Read], toys: Path) -> None:
    link = "[No value is below 0.](claim:toys.count/values_are_not_negative)"
    (toys.parent / "experiments" / "toys" / "notes.md").write_text(f"# Counting\n\nA tale.\n\n## Zero\n\nSo: {link}\n")
    mlnotes("run", "toys.count")
    for words in (("toys.count",), ("toys",), ("--all",)):
        found = page(*words)
        assert_stands_alone(found)
        assert {"note-toys.count-values_are_not_negative", "notes-toys-Zero"} <= set(found.ids)
        assert {"#toys.count-values_are_not_negative", "#notes-toys-Zero"} <= set(found.links)
        assert "#note-toys.count-values_are_not_negative" in found.links
        assert ("A tale." in found.text) == (words != ("toys.count",))
        assert ("From the notes" in found.text) == (words == ("toys.count",))
        assert ("topics" in found.ids) == (words == ("--all",))


def test_a_chapter_whose_links_do_not_resolve_is_left_out(
    mlnotes: Invoke, page: Callable[..., Read], toys: Path
) -> None:
    (toys.parent / "experiments" / "toys" / "notes.md").write_text("# Counting\n\n[x](claim:toys.count/values)\n")
    mlnotes("run", "toys.count")
    for words in (("toys.count",), ("toys",), ("--all",)):
        text = page(*words).text
        assert text.count("The chapter of the notes is left out") == 1
        assert "toys.count has no claim values" in text
