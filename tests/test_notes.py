"""The chapters: every claim stands in the chapter of its family, and every judged sentence says what its claim says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cli.notes.note import chapter_of, note_of
from experiments.lab.catalog import studies

ROOT = Path(__file__).parents[1]
FAMILIES = sorted({study.family for study in studies()})
NUMBER = re.compile(r"\d+(?:\.\d+)?")


def statements(family: str) -> dict[tuple[str, str], str]:
    """The claims of a family's experiments; further studies repeat those of theirs."""
    own = (study for study in studies(family) if study.name == study.experiment)
    return {(study.name, claim.name): claim.statement for study in own for claim in study.claims}


@pytest.mark.parametrize("family", FAMILIES)
def test_every_claim_stands_in_the_chapter(family: str) -> None:
    sentences = chapter_of(family).sentences
    assert sorted({one.key for one in sentences}) == sorted(statements(family))


@pytest.mark.parametrize("family", FAMILIES)
def test_sentences_have_the_numbers_of_their_claims(family: str) -> None:
    known = statements(family)
    other = {
        one.text: known[one.key]
        for one in chapter_of(family).sentences
        if NUMBER.findall(one.text) != NUMBER.findall(known[one.key])
    }
    assert other == {}


@pytest.mark.parametrize("file", ["README.md", "docs/notes.md"])
def test_links_in_documents_resolve(file: str) -> None:
    links = set(re.findall(r"claim:[\w.]+/\w+", (ROOT / file).read_text(encoding="utf-8")))
    assert links
    assert len(note_of("".join(f"[x]({link})" for link in links), file).sentences) == len(links)


@pytest.mark.parametrize("family", FAMILIES)
def test_chapters_begin_with_their_title_and_say_no_verdict(family: str) -> None:
    chapter = chapter_of(family)
    assert chapter.tokens[0].tag == "h1"
    assert {one.claimed for one in chapter.sentences} == {"holds"}
    assert all(one.section != chapter.title for one in chapter.sentences)
