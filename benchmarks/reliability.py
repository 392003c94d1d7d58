"""What mlnotes does with damaged files, strange parameters and violent ends, counted; writes docs/reliability.md.

    python benchmarks/reliability.py [SCALE]

SCALE multiplies how often everything is tried; 1, the default, takes about ten minutes on two cores. A *fault* is a
traceback, a crash, a hang, a message of more than one line or without its file, or a wrong result without a word.
Expected: no fault in any row. The load rows are seconds and megabytes of one process, its start included.
"""

from __future__ import annotations

import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for the files that the tests make

from benchmarks.reliability_ends import at_once, ends, full_disk
from benchmarks.reliability_files import checkpoints, data_files, downloads, forged_indexes, indexes, records
from benchmarks.reliability_load import many_records, many_rows
from benchmarks.reliability_words import Counted, command_lines, overrides, single_values

ROWS: dict[str, tuple[Callable[[Path, int], Counted], int]] = {
    "override lists, random, over all studies": (overrides, 1500),
    "one parameter x one bad value": (single_values, 15_000),
    "command lines": (command_lines, 60),
    "data files: IDX, vecs, npy, csv, series, HDF5, COCO, VOC, CIFAR": (data_files, 2200),
    "checkpoints, flipped, cut and put together by hand": (checkpoints, 400),
    "kept indexes, random damage": (indexes, 500),
    "kept indexes, forged with right checksums": (forged_indexes, 70),
    "a damaged record among others": (records, 240),
    "kill -9, SIGTERM and SIGINT at random moments": (ends, 50),
    "8 runs at once": (at_once, 8),
    "full disk": (full_disk, 10),
    "downloads and archives": (downloads, 15),
}
HEAD = """# Reliability

What a hostile user and an unlucky one meet. Made by `python benchmarks/reliability.py`, at whose head stands what is
a fault; what is trusted stands in [SECURITY.md](../SECURITY.md).

"""


def main() -> None:
    """Print every row as it is known, and write the page."""
    scale = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    lines = ["| what | tried | accepted or one line | faults | seconds |", "|---|--:|--:|--:|--:|"]
    faults = []
    for name, (count, times) in ROWS.items():
        with tempfile.TemporaryDirectory(prefix="reliability-") as folder:
            started = time.perf_counter()
            found = count(Path(folder), max(1, round(times * scale)))
        seconds = time.perf_counter() - started
        lines.append(f"| {name} | {found.tried:,} | {found.clean:,} | {len(found.faults)} | {seconds:.0f} |")
        print(lines[-1], flush=True)
        faults += [f"- {name}: {fault}" for fault in dict.fromkeys(found.faults)]
    lines += ["", "| load | seconds | MB |", "|---|--:|--:|"]
    for load in (many_records, many_rows):
        with tempfile.TemporaryDirectory(prefix="reliability-") as folder:
            for line in load(Path(folder), scale):
                lines.append(line)
                print(line, flush=True)
    where = f"Python {platform.python_version()}, {platform.machine()}, {platform.system()}"
    machine = f"Tried {scale:g} times as often as by default. {where}."
    page = HEAD + "\n".join([*lines, "", machine, *(["", "Faults:", "", *faults] if faults else []), ""])
    (Path(__file__).resolve().parents[1] / "docs" / "reliability.md").write_text(page, encoding="utf-8")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
