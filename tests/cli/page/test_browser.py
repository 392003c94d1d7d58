"""Pages in a real browser: nothing overflows, is fetched or complains; links lead somewhere; axe finds nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from importlib import resources, util
from pathlib import Path

import pytest

from cli.notes.judgements import judgements
from cli.notes.note import chapter_of
from cli.page.notes import write_notes
from cli.page.report import book, page_of_run
from cli.running.plans import plan
from experiments.lab.record import Record
from experiments.lab.recording import Recording
from experiments.lab.runner import execute
from tests.cli.page.browser import Pipe, Tab, executable

pytestmark = pytest.mark.skipif(executable() is None, reason="no Chromium is installed: apt-get install chromium")

STUDIES = ("ann.mrng", "detect.map", "grad.vanishing", "math.norms", "seq.ewma")
"""Between them they have drawings, small multiples, wide tables, conditions and controls."""
PAGES = (*STUDIES, "book", "chapter")
WIDTHS = {"phone": 390, "desktop": 1280}
A4 = 695
"""Width of the printed area, 184 mm, in CSS pixels."""

OVERFLOW = """[...document.querySelectorAll("main *")].filter(one => {
  const box = one.getBoundingClientRect();
  const beyond = box.width && box.right > document.documentElement.clientWidth + 1;
  return beyond && !one.closest(".scroll, pre, .hidden-text");
}).slice(0, 3).map(one => one.outerHTML.slice(0, 120))"""
CUT_ON_PAPER = """[...document.querySelectorAll("table, svg, pre")].filter(one =>
  one.getBoundingClientRect().width && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1
).map(one => one.textContent.slice(0, 80))"""
BROKEN_LINKS = """[...document.querySelectorAll('a[href^="#"]')].map(one => one.getAttribute("href").slice(1))
  .filter(id => !document.getElementById(id))"""
SMALL_TEXT = """[...document.querySelectorAll("svg.figure text")].map(one => one.getBoundingClientRect().height)
  .filter(height => height && height < 7).length"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """The pages of five studies at smoke size, the book, and a chapter of the notes, each as a file."""
    home = tmp_path_factory.mktemp("pages")
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLNOTES_RUNS", str(home))
        for name in STUDIES:
            recording = Recording()
            execute(plan(name, smoke=True), (recording,))
            assert recording.record is not None
            found[name] = home / f"{name}.html"
            found[name].write_text(page_of_run(Record(recording.record.path)).html, encoding="utf-8")
        found["book"] = home / "book.html"
        found["book"].write_text(book().html, encoding="utf-8")
        found["chapter"] = home / "chapter.html"
        chapter = chapter_of("ann")
        write_notes(chapter, judgements({one.study for one in chapter.sentences}), str(found["chapter"]))
    yield found
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tab]:
    program = executable()
    assert program is not None
    with Pipe(program, tmp_path_factory.mktemp("profile")) as pipe:
        yield pipe.tab()


def unfold(tab: Tab) -> None:
    tab.value("document.querySelectorAll('details').forEach(one => { one.open = true; })")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("name", PAGES)
def test_nothing_overflows_is_fetched_or_complains(
    tab: Tab, pages: dict[str, Path], name: str, width: int, scheme: str
) -> None:
    tab.look(pages[name], width, scheme=scheme)
    unfold(tab)
    assert tab.value("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert tab.value(OVERFLOW) == []
    assert tab.value(BROKEN_LINKS) == []
    assert tab.value(SMALL_TEXT) == 0
    assert [url for url in tab.requests if not url.startswith("data:")] == [pages[name].as_uri()]
    assert tab.complaints == []


@pytest.mark.parametrize("name", STUDIES)
def test_chips_lead_to_the_sentences_of_the_notes(tab: Tab, pages: dict[str, Path], name: str) -> None:
    tab.look(pages[name], 1280)
    assert tab.value("document.querySelectorAll('.chips > li').length") > 0
    assert tab.value("document.querySelectorAll('.chips > li:not(:has(a.verdict[href^=\"#note-\"]))').length") == 0


@pytest.mark.parametrize(("width", "stacked"), [(390, True), (1280, False)])
def test_panels_are_stacked_on_a_phone(tab: Tab, pages: dict[str, Path], width: int, stacked: bool) -> None:
    tab.look(pages["grad.vanishing"], width)
    shown = tab.value(
        "[...document.querySelectorAll('.several svg')].map(one => one.getBoundingClientRect().height > 0)"
    )
    assert shown == [not stacked, stacked] * (len(shown) // 2) != []


def test_paper_has_what_is_folded(tab: Tab, pages: dict[str, Path]) -> None:
    folded = "[...document.querySelectorAll('details:not([open]) table')].filter(one => one.checkVisibility())"
    tab.look(pages["book"], A4)
    assert tab.value(f"{folded}.length") == 0
    tab.look(pages["book"], A4, media="print")
    assert tab.value(f"{folded}.filter(one => !one.closest('figure')).length") == len(STUDIES)


@pytest.mark.parametrize("name", PAGES)
def test_paper_cuts_nothing(tab: Tab, pages: dict[str, Path], name: str, tmp_path: Path) -> None:
    tab.look(pages[name], A4, media="print", scheme="dark")
    unfold(tab)
    assert tab.value(CUT_ON_PAPER) == []
    assert tab.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tab.paper(tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.skipif(util.find_spec("axe_core_python") is None, reason="axe is not installed: pip install '.[test]'")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(tab: Tab, pages: dict[str, Path], name: str, scheme: str) -> None:
    tab.look(pages[name], 1280, scheme=scheme)
    unfold(tab)
    tab.value((resources.files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8") + "; 1")
    told = "found.violations.map(one => [one.id, one.nodes[0].html.slice(0, 200), one.nodes[0].failureSummary])"
    assert tab.value(f"axe.run(document, {{resultTypes: ['violations']}}).then(found => {told})") == []


def test_search_narrows_the_book_and_forgets(tab: Tab, pages: dict[str, Path]) -> None:
    shown = "[...document.querySelectorAll('article')].filter(one => !one.hidden).map(one => one.id)"
    typed = "(words => {{ const box = document.querySelector('#search'); box.value = words; {} }})({!r})"
    event = "box.dispatchEvent(new Event('input'));"
    tab.look(pages["book"], 1280)
    every = tab.value(shown)
    tab.value(typed.format(event, "NORMS length"))
    assert tab.value(shown) == ["math.norms"]
    assert tab.value("document.querySelector('output').textContent") == f"1 of {len(every)} studies"
    tab.value(typed.format(event, ""))
    assert tab.value(shown) == every


def test_book_is_whole_without_scripts(tab: Tab, pages: dict[str, Path]) -> None:
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.look(pages["book"], 390)
        assert tab.value("getComputedStyle(document.querySelector('.search')).display") == "none"
        assert tab.value("[...document.querySelectorAll('article')].every(one => one.offsetHeight > 0)")
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)
