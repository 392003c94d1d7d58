"""``mlnotes list``: one line per study, with its last result here. It reads text and records only, so it is quick."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.document import print_document
from cli.past.latest import Latest, latest_results
from cli.screen import ASCII_SIGNS, SIGNS, Screen, signs_text
from experiments.lab.catalog import Study, studies

Document = dict[str, Any]

CLAIM = re.compile(r'Claim\(\s*"')
AUTO = "auto"
"""The choice of real data where they are, else of embedded ones."""
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


@dataclass(frozen=True)
class Wanted:
    """Which studies are listed, and how."""

    family: str | None = None
    search: str = ""
    """Text in the name, the question, the summary or a claim."""
    failed: bool = False
    """Only those whose last result is not as predicted."""
    claims: bool = False
    """A line per claim too."""
    json: bool = False

    @property
    def is_narrow(self) -> bool:
        """Whether so few are wanted, or so much of them, that studies of other sizes have lines of their own."""
        return bool(self.family or self.search or self.failed or self.claims)


def print_list(wanted: Wanted) -> None:
    """Print the studies that are wanted.

    Raises:
        InputError: no such family.
    """
    results = latest_results(Path(os.environ.get("MLNOTES_RUNS") or "runs"))
    found = [study for study in studies(wanted.family) if _is_wanted(study, results.get(study.name), wanted)]
    if wanted.json:
        print_document({"studies": [{**list_document(one), "last": _last(results.get(one.name))} for one in found]})
        return
    screen = Screen.of_stdout()
    shown = [study for study in found if wanted.is_narrow or study.name == study.experiment]
    further = [study for study in found if not wanted.is_narrow and study.name != study.experiment]
    lines = [*list_lines(shown, results, screen, claims=wanted.claims), *_further_lines(further, screen)]
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def list_document(study: Study) -> Document:
    """A study as it stands in the source."""
    return {
        "name": study.name,
        "experiment": study.experiment,
        "family": study.family,
        "question": study.question,
        "summary": study.summary,
        "data": data_of(study),
        "claims": [vars(claim) for claim in study.claims],
    }


def list_lines(
    found: Sequence[Study], results: dict[str, Latest], screen: Screen, *, claims: bool = False
) -> Iterator[str]:
    """The list: a line per study, and where there are results what their signs mean."""
    rows = [
        (study, _seconds(results.get(study.name)), _counts(study, results.get(study.name), screen)) for study in found
    ]
    name = max((len(study.name) for study in found), default=0)
    time = max((len(seconds) for _, seconds, _ in rows), default=0)
    question = max(16, screen.width - name - time - max((len(counts) for *_, counts in rows), default=0) - 4)
    for study, seconds, counts in rows:
        head = f"{BOLD}{study.name}{PLAIN}" if screen.bold else study.name
        asks = _question(study, question, screen)
        yield f"{head}{'':<{name - len(study.name)}}  {asks:<{question}} {seconds:>{time}} {counts}"
        if claims:
            yield from _claim_lines(study, results.get(study.name), screen)
    yield from _legend([last for study in found if (last := results.get(study.name))], screen)


def _further_lines(further: Sequence[Study], screen: Screen) -> Iterator[str]:
    """The last line of all studies: those that are another one of other size or on other data."""
    if further:
        yield screen.cut(
            f"and {len(further)} on other data or longer, such as {further[0].name}: list -v", screen.width
        )


def _question(study: Study, width: int, screen: Screen) -> str:
    """The question, of a further study what it is, with the data that have to be there."""
    data = data_of(study)
    needs = f" [{data}]" if data not in ("", AUTO) else ""
    text = study.question if study.name == study.experiment else study.summary
    return screen.cut(text, width - len(needs)) + needs


def data_of(study: Study) -> str:
    """The data set that the study names, if any."""
    named = re.search(r"^dataset: *(\S+)", study.config.read_text(encoding="utf-8"), re.MULTILINE)
    return named.group(1) if named else ""


def _is_wanted(study: Study, last: Latest | None, wanted: Wanted) -> bool:
    if wanted.failed and not (last and last.surprises):
        return False
    text = wanted.search.casefold()
    if not text or text in f"{study.name} {study.question} {study.summary}".casefold():
        return True
    return any(text in f"{claim.name} {claim.statement}".casefold() for claim in study.claims)


def _counts(study: Study, last: Latest | None, screen: Screen) -> str:
    """The verdicts of the last result; how many claims there are where there is none, or only one at smoke size."""
    count = sum(len(CLAIM.findall(file.read_text(encoding="utf-8"))) for file in study.files)
    if last is None:
        return f"{count} claim{'s' * (count != 1)}"
    few = f" of {count}" if last.smoke else ""
    return f"{signs_text(last.verdicts.values(), ascii_only=screen.ascii_only)}{few}" + " !" * bool(last.surprises)


def _seconds(last: Latest | None) -> str:
    """Whole seconds or minutes of the last run at the study's size."""
    if last is None or last.smoke:
        return ""
    return f"{last.seconds / 60:.0f}m" if last.seconds >= 100 else f"{max(1, round(last.seconds))}s"


def _claim_lines(study: Study, last: Latest | None, screen: Screen) -> Iterator[str]:
    signs = ASCII_SIGNS if screen.ascii_only else SIGNS
    for claim in study.claims:
        sign = signs.get(last.verdicts.get(claim.name, ""), " ") if last else " "
        yield f"  {sign} {screen.cut(f'{claim.kind}: {claim.statement}', screen.width - 4)}"


def _legend(results: Sequence[Latest], screen: Screen) -> Iterator[str]:
    if not results:
        return
    signs = ASCII_SIGNS if screen.ascii_only else SIGNS
    meaning = ", ".join(f"{sign} {verdict}" for verdict, sign in signs.items() if verdict != "failed")
    surprises = ", ! surprise" if any(last.surprises for last in results) else ""
    yield screen.cut(f"last results: {meaning}{surprises}", screen.width)


def _last(last: Latest | None) -> Document | None:
    return None if last is None else {**vars(last), "surprises": list(last.surprises)}
