"""``mlnotes replicate``: studies on fresh seeds, beside the verdicts that their last runs gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from rich.text import Text

from cli.display.console import Consoles, consoles
from cli.display.findings import WIDTH, verdict_style
from cli.display.live import live
from cli.document import print_document
from cli.exits import FAILED, complain, explanation
from cli.past.best import best_of
from cli.past.stored import stored_findings
from cli.running.plans import plan
from cli.running.verify import chosen
from experiments.lab.catalog import Study
from experiments.lab.errors import InputError
from experiments.lab.judge.judge import Finding
from experiments.lab.judge.replication import Repeated, Replication, replications
from experiments.lab.record import Record, records
from experiments.lab.recording import Recording
from experiments.lab.runner import execute
from experiments.lab.sealing.looks import ledger

WORDS = {"same": "", "flip": "flip", "lost": "decided before", "gained": "undecided before", "other": "other"}


@dataclass(frozen=True)
class Repetition:
    """A study before and after."""

    study: str
    before: Record
    after: Record
    claims: tuple[Replication, ...]

    @property
    def seeds(self) -> str:
        return f"seeds {self.after.meta['seeds'][0]} to {self.after.meta['seeds'][-1]}"


def replicate(names: tuple[str, ...], *, json: bool) -> None:
    """Run the studies on seeds that none of their runs here has seen, and print how the verdicts compare.

    Raises:
        InputError: a name that is no study and no family, or no study that was run before.
        typer.Exit: with 1 where a decided verdict came out as another decided one, or a study failed.
    """
    screens = consoles(json=json)
    known = {study.name: _before(study) for study in chosen(names)}
    if not any(known.values()):
        raise InputError("nothing to replicate: expected a study with a finished run at its own size; run one first")
    done, failed = [], []
    for study, record in known.items():
        try:
            done += [_repeated(study, record, screens)] if record else []
        except Exception as error:  # the others go on; the exit code tells it
            complain(*(f"{study}: {line}" for line in explanation(error)))
            failed.append(study)
    for one in done:
        screens.results.print(Text(f"{one.study}, {one.seeds}", style="header"))
        for line in _lines(one.claims):
            screens.results.print(line, soft_wrap=True)
    screens.results.print(summary([claim for one in done for claim in one.claims]))
    never = [study for study, record in known.items() if record is None]
    if never:
        complain(f"not run before, so not replicated: {', '.join(never)}")
    if json:
        print_document({"studies": [_document(one) for one in done], "failed": failed, "never_run": never})
    if failed or any(claim.change == "flip" for one in done for claim in one.claims):
        raise typer.Exit(FAILED)


def summary(claims: Sequence[Replication]) -> str:
    """Flips and effects in one line."""
    changes = Counter(one.change for one in claims)
    effects = [effect for one in claims for effect in one.effects.values()]
    statistical = sum(one.basis == "statistical" for one in claims)
    inside = sum(effect.inside for effect in effects)
    said = [
        f"{len(claims)} claims, {statistical} statistical",
        f"{changes['flip']} flips between decided verdicts",
        f"{changes['lost']} decided to undecided, {changes['gained']} undecided to decided",
        *([f"{changes['other']} otherwise"] if changes["other"] else []),
        f"{inside} of {len(effects)} effects inside their 95 % prediction interval",
    ]
    return "; ".join(said)


def _before(study: Study) -> Record | None:
    """The run that stands for the study, if it is one at full size."""
    found = best_of(one for one in records() if one.meta["study"] == study.name)
    return found if found is not None and found.status == "done" and not found.meta["smoke"] else None


def _repeated(study: str, before: Record, screens: Consoles) -> Repetition:
    seed = ledger().unseen(study, {name: one["seal"] for name, one in before.meta.get("seals", {}).items()})
    recording, former = Recording(), stored_findings(before)
    with live(screens.messages) as view:
        outcome = execute(plan(study, (f"seed={seed}",)), (recording, view))
    found: tuple[Finding, ...] = outcome.findings if outcome else ()
    assert recording.record is not None, "a run that is done has a record"
    return Repetition(study, before, recording.record, tuple(replications(former, found)))


def _lines(claims: Sequence[Replication]) -> Iterator[Text]:
    """One line per claim, with its effect where it is one; then one per effect outside its prediction interval."""
    for one in claims:
        line = Text(no_wrap=True)
        for verdict in (one.before, one.after):
            line.append(f"{verdict:<{WIDTH}}  ", style=verdict_style(verdict))
        line.append(one.claim)
        line.append(f"  {WORDS[one.change]}", style="mismatch" if one.change == "flip" else "muted")
        if "" in one.effects:
            line.append(f"  {_effect(one.effects[''])}", style="muted")
        yield line
        for condition, effect in one.effects.items():
            if condition and not effect.inside:
                yield Text(f"{'':<{2 * WIDTH + 4}}{condition}: {_effect(effect)}", style="muted")


def _effect(effect: Repeated) -> str:
    low, high = effect.predicted
    outside = "" if effect.inside else ", outside"
    return f"{effect.before:.3g}, predicted {low:.3g} to {high:.3g}, found {effect.after:.3g}{outside}"


def _document(one: Repetition) -> dict[str, Any]:
    return {
        "study": one.study,
        "before": str(one.before.path.resolve()),
        "after": str(one.after.path.resolve()),
        "claims": [_claim(claim) for claim in one.claims],
    }


def _claim(claim: Replication) -> Mapping[str, Any]:
    effects = {
        name: {"before": found.before, "predicted": list(found.predicted), "after": found.after, "inside": found.inside}
        for name, found in claim.effects.items()
    }
    about = {"claim": claim.claim, "basis": claim.basis, "before": claim.before, "after": claim.after}
    return {**about, "change": claim.change, "effects": effects}
