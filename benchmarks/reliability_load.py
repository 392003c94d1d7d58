"""Many records and many rows, for ``reliability``."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.reliability_words import ENTRY, mlnotes

REPORT = """
import time
try:
    main()
finally:
    peak = [line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")]
    print(time.process_time(), *peak, file=sys.__stderr__)
"""
"""Linux's own count of the largest memory: getrusage's includes what the process was forked from."""


def many_records(folder: Path, scale: float) -> Iterator[str]:
    """``runs`` with one record and with 2,000."""
    source, _ = made(folder)
    count = max(2, round(2000 * scale))
    yield measured(folder, "runs, 1 record", "runs")
    for number in range(count - 1):
        copy = (
            folder
            / "runs"
            / f"20200101-{number // 3600:02d}{number // 60 % 60:02d}{number % 60:02d}-math.norms-{number:04x}"
        )
        copy.mkdir()
        for name in ("record.json", "findings.json", "rows.jsonl"):
            shutil.copy(source / name, copy / name)
    yield measured(folder, f"runs, {count:,} records", "runs")
    yield measured(folder, f"runs --json --limit 0, {count:,} records", "runs", "--json", "--limit", "0")


def many_rows(folder: Path, scale: float) -> Iterator[str]:
    """``show``, ``judge`` and ``compare`` with a million rows."""
    source, meta = made(folder)
    rows = [row for line in (source / "rows.jsonl").open() if (row := json.loads(line))["seed"] == 0]
    seeds = list(range(max(2, round(1_000_000 * scale / len(rows)))))
    homes = [folder / "runs" / f"2099010{number}-000000-math.norms-{number:04x}" for number in (1, 2)]
    for home in homes:
        home.mkdir()
        digest = hashlib.sha256()
        with (home / "rows.jsonl").open("wb") as file:
            for seed in seeds:
                lines = b"".join((json.dumps({**row, "seed": seed}) + "\n").encode() for row in rows)
                digest.update(lines)
                file.write(lines)
        sealed = {"number": len(rows) * len(seeds), "sha256": digest.hexdigest()}
        about = {"seeds": seeds, "seeds_done": seeds, "rows": sealed, "started": "2099-01-01T00:00:00+00:00"}
        (home / "record.json").write_text(json.dumps({**meta, **about}))
        shutil.copy(source / "findings.json", home / "findings.json")
    for words in (("show", homes[0].name), ("judge", homes[0].name), ("compare", *(home.name for home in homes))):
        yield measured(folder, f"{words[0]}, {len(rows) * len(seeds):,} rows", *words)


def sweep(folder: Path, scale: float) -> Iterator[str]:
    """A sweep of 200 points."""
    points = max(2, round(200 * scale))
    yield measured(folder, f"run -m, {points} points", "run", "seq.ewma", "--smoke", "-m", f"seed=range(0,{points})")


def made(folder: Path) -> tuple[Path, dict[str, Any]]:
    """A record of math.norms at smoke size, and its record.json."""
    mlnotes(folder, "run", "math.norms", "--smoke", "seeds=2", "-q")
    source = next((folder / "runs").glob("2*"))
    return source, json.loads((source / "record.json").read_text())


def measured(folder: Path, name: str, *words: str) -> str:
    """One line of the table: processor seconds and the largest memory of a process."""
    code = f"{ENTRY.removesuffix('main()')}{REPORT}"
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "MLNOTES_RUNS": str(folder / "runs")},
    )
    wall = time.perf_counter() - started
    seconds, kilobytes = done.stderr.split()[-2:]
    return f"| {name} | {wall:.1f} ({float(seconds):.1f} of the processor) | {int(kilobytes) / 1024:.0f} |"
