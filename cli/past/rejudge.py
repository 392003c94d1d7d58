"""``mlnotes judge``: judge the stored rows of a run by the claims as they are now, and say what has changed since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cli.display.console import consoles
from cli.display.findings import findings_list
from cli.document import print_document
from cli.past.document import run_document
from experiments.lab.catalog import load
from experiments.lab.errors import InputError
from experiments.lab.experiment import Experiment, Rows
from experiments.lab.judge.claims import Claim
from experiments.lab.judge.judge import FAMILY_WISE_ALPHA, Finding, Standing
from experiments.lab.params import validate
from experiments.lab.record import Record, without_collections
from experiments.lab.runner import answer_of
from experiments.lab.sealing.seal import Seal, seals, table_hash
from experiments.lab.sequential import judge_in_looks


@dataclass(frozen=True)
class Judgement:
    """A stored run judged by the claims as they are now."""

    findings: tuple[Finding, ...]
    answer: str
    claims_hash: str
    remarks: tuple[str, ...]
    """What the reader must know of it, one line each."""


@without_collections()
def judge_again(name: str, *, json: bool) -> None:
    """Judge a record, keep its former findings beside the new ones, and print what changed and what came out.

    Raises:
        InputError: no such record, or one whose rows cannot be judged.
    """
    record = Record.open(name)
    if record.status == "running":
        raise InputError(f"{record.id} is still running: expected a run that has ended")
    found = judgement(record)
    stored = [finding.to_json() for finding in found.findings]
    kept = record.replace_findings(stored, found.answer, found.claims_hash)
    if json:
        about = {"remarks": list(found.remarks), "former": str(kept) if kept else None}
        print_document({**about, **run_document(record)})
        return
    screen = consoles().results
    for remark in (*found.remarks, *([f"the former findings are in {kept}"] if kept else [])):
        screen.print(remark, soft_wrap=True)
    screen.print(findings_list(found.findings))


def judgement(record: Record) -> Judgement:
    """What the claims as they are now say of the rows of a record."""
    meta = record.meta
    experiment = load(meta["experiment"])
    now = seals(experiment, meta["experiment"], validate(experiment.params, meta["params"]))
    changed = {one.name: said for one in experiment.all_claims if (said := _changes(record, one, now[one.name]))}
    lack = _lack(record)
    rows = _whole(record, experiment)
    judged = judge_in_looks(experiment.asked, rows, _looks(meta), smoke=meta["smoke"])
    findings = tuple(replace(one, standing=_standing(meta, one.claim, changed, lack)) for one in judged)
    answer = answer_of(experiment, findings, rows) if _seeds_done(record) else ""
    return Judgement(findings, answer, table_hash(now), tuple(_remarks(record, changed, lack, now)))


def _remarks(record: Record, changed: Mapping[str, str], lack: str, now: Mapping[str, Seal]) -> Iterator[str]:
    if lack:
        yield f"{record.id} is {lack}"
    yield from (f"rule changed since the run: {name}: {said}" for name, said in changed.items())
    before = record.meta.get("seals") or [finding["claim"] for finding in record.findings()]
    if before:
        yield from (f"new since the run: {name}" for name in now if name not in before)
        yield from (f"gone since the run: {name}" for name in before if name not in now)


def _changes(record: Record, claim: Claim[Any], seal: Seal) -> str:
    """In what a claim is another than in the run; empty where it is the same, or was not there."""
    stored = record.meta.get("seals", {}).get(claim.name)
    if stored is not None:
        before = Seal(numbers=seal.numbers, **{key: value for key, value in stored.items() if key != "seal"})
        return "; ".join(before.changes(seal))
    said = next((finding for finding in record.findings() if finding["claim"] == claim.name), None)
    if said is None:
        return ""
    now = {"statement": claim.statement, "rule": claim.rule.sentence()}
    return "; ".join(word for word, text in now.items() if said[word] != text)


def _lack(record: Record) -> str:
    """How far a run came that did not come to its end."""
    if record.status == "done":
        return ""
    return f"{record.status}: {len(_seeds_done(record))} of {len(record.meta['seeds'])} planned seeds are complete"


def _seeds_done(record: Record) -> Sequence[int]:
    """The seeds that came to their end; of a record that does not say, all that have rows but the last."""
    done: Sequence[int] | None = record.meta.get("seeds_done")
    return done if done is not None else sorted({row["seed"] for row in record.rows()})[:-1]


def _whole(record: Record, experiment: Experiment[Any, Any]) -> Rows:
    """The rows of the seeds that came to their end."""
    rows = record.typed_rows(experiment)
    if record.status == "done":
        return rows
    done = set(_seeds_done(record))
    return Rows({part: tuple(row for row in of if row.seed in done) for part, of in rows.by_part.items()})


def _looks(meta: Mapping[str, Any]) -> list[tuple[range, float]]:
    """(seeds, level) of the looks of the run; one unless it went on until its claims were decided."""
    first = meta["seeds"][0]
    looks = meta.get("looks") or [{"seeds": len(meta["seeds"]), "level": meta.get("level", FAMILY_WISE_ALPHA)}]
    return [(range(first, first + look["seeds"]), look["level"]) for look in looks]


def _standing(meta: Mapping[str, Any], name: str, changed: Mapping[str, str], lack: str) -> Standing:
    """What the run gave the claim, unless it or the run is no longer what it was then."""
    if name in changed:
        return Standing(why=f"changed since the run: {changed[name]}", notable=True)
    if lack:
        return Standing(why=lack, notable=True)
    stored = meta.get("standings", {}).get(name)
    return Standing(**stored) if stored else Standing(why="not sealed when it was run")
