"""What mlnotes does with damaged files, strange parameters and violent ends, counted; writes docs/reliability.md.

    python benchmarks/reliability.py [PART ...] [SCALE]

Without a part all are tried, about twenty minutes on two cores; else the named ones, and the page keeps the lines of
the others. SCALE multiplies how often everything is tried, 1 by default. A *fault* is a traceback, a crash, a hang, a
message of more than one line or without its file, or a wrong result without a word. Expected: no fault in any row. The
load rows are seconds and megabytes of one process, its start included.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the files that the tests make

from benchmarks.reliability_disk import full_disk, read_only
from benchmarks.reliability_ends import at_once, clock, ends
from benchmarks.reliability_files import checkpoints, data_files, downloads, forged_indexes, indexes, records
from benchmarks.reliability_load import many_records, many_rows, sweep
from benchmarks.reliability_words import Counted, accepted, command_lines, overrides, single_values

ROWS: dict[str, tuple[str, Callable[[Path, int], Counted], int]] = {
    "overrides": ("override lists, random, over all studies", overrides, 1500),
    "accepted": ("what the checks let pass of 1,000 such lists, run", accepted, 1000),
    "values": ("one parameter x one bad value", single_values, 15_000),
    "commands": ("command lines", command_lines, 60),
    "files": ("data files of every format, damaged", data_files, 2500),
    "checkpoints": ("checkpoints, flipped, cut and put together by hand", checkpoints, 400),
    "indexes": ("kept indexes, random damage", indexes, 500),
    "forged": ("kept indexes, forged with right checksums", forged_indexes, 70),
    "records": ("a damaged record among others", records, 240),
    "ends": ("kill -9, SIGTERM and SIGINT at random moments", ends, 50),
    "once": ("8 runs at once", at_once, 8),
    "clock": ("a clock that goes back", clock, 3),
    "full": ("a full disk under records, caches and data", full_disk, 11),
    "read-only": ("records, caches and data that may not be written", read_only, 5),
    "downloads": ("downloads and archives", downloads, 15),
}
LOADS = {"list": (many_records, "runs"), "rows": (many_rows, "show|judge|compare"), "sweep": (sweep, "run -m")}
"""Part -> what it measures, and how its lines begin."""
HEAD = """# Reliability

What a hostile user and an unlucky one meet. Made by `python benchmarks/reliability.py`, at whose head stands what is
a fault; what is trusted stands in [SECURITY.md](../SECURITY.md).

"""
PAGE = Path(__file__).resolve().parents[1] / "docs" / "reliability.md"
TRIED, LOADED = "| what | tried | accepted or one line | faults | seconds |", "| load | seconds | MB |"


def main() -> None:
    """Try the parts that were named, or all, and write the page after each."""
    words = sys.argv[1:]
    scale = float(words.pop()) if words and words[-1].replace(".", "", 1).isdigit() else 1.0
    unknown = set(words) - {*ROWS, *LOADS}
    if unknown:
        sys.exit(f"no part {', '.join(unknown)}: expected {', '.join((*ROWS, *LOADS))}")
    old = PAGE.read_text(encoding="utf-8").splitlines() if words else []
    for part in words or (*ROWS, *LOADS):
        with tempfile.TemporaryDirectory(prefix="reliability-") as folder:
            lines = tried(part, Path(folder), scale) if part in ROWS else list(LOADS[part][0](Path(folder), scale))
        print(*lines, sep="\n", flush=True)
        old = [line for line in old if not belongs(line, part)] + lines
        PAGE.write_text(page(old), encoding="utf-8")
    sys.exit(any(line.startswith("- ") for line in old))


def tried(part: str, folder: Path, scale: float) -> list[str]:
    """The part's line of the table, and one for every fault."""
    name, count, times = ROWS[part]
    started = time.perf_counter()
    found = count(folder, max(1, round(times * scale)))
    seconds = time.perf_counter() - started
    if found.skipped:
        return [f"| {name}: not tried, {found.skipped} | 0 | 0 | 0 | 0 |"]
    line = f"| {name} | {found.tried:,} | {found.clean:,} | {len(found.faults)} | {seconds:.0f} |"
    return [line, *(f"- {name}: {fault}" for fault in dict.fromkeys(found.faults))]


def belongs(line: str, part: str) -> bool:
    """Whether a line of the page was written by the part."""
    begins = re.escape(ROWS[part][0]) if part in ROWS else LOADS[part][1]
    return re.match(rf"(\||-) ({begins})\b", line) is not None


def page(lines: list[str]) -> str:
    """The page of these lines, in the order of the parts."""
    counted = [line for part in ROWS for line in lines if belongs(line, part)]
    loads = [line for part in LOADS for line in lines if belongs(line, part)]
    table = [TRIED, "|---|--:|--:|--:|--:|", *(line for line in counted if line.startswith("|"))]
    faults = [line for line in counted if line.startswith("-")]
    where = f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}, {os.cpu_count()} cores."
    whole = [*table, "", LOADED, "|---|--:|--:|", *loads, "", where, *(["", "Faults:", "", *faults] if faults else [])]
    return HEAD + "\n".join(whole) + "\n"


if __name__ == "__main__":
    main()
