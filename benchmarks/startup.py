"""How long until mlnotes answers, as a multiple of ``python -c pass`` by the same interpreter.

    python benchmarks/startup.py [REPEATS]

The commands are interleaved, so that a slow moment of the machine meets all of them; medians are compared. Bytecode is
compiled by a first round that is not counted. Expected: at most 8 for each, and none of the heavy modules imported.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time

ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""With bytecode kept, as it is for whoever has installed the program."""
ENTRY = "import sys; sys.argv[0] = 'mlnotes'; from cli.app import main; main()"
BASELINE = ("-c", "pass")
COMMANDS = {
    "python -c pass": BASELINE,
    "mlnotes --help": ("-c", ENTRY, "--help"),
    "mlnotes run --help": ("-c", ENTRY, "run", "--help"),
    "mlnotes list": ("-c", ENTRY, "list"),
    "mlnotes list --json": ("-c", ENTRY, "list", "--json"),
}
HEAVY = {"torch", "hydra", "pydantic", "rich", "numpy", "numba", "matplotlib", "omegaconf"}


def seconds(arguments: tuple[str, ...]) -> float:
    """Wall time of one process."""
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL, env=ENVIRONMENT)
    return time.perf_counter() - start


def heavy_imports(arguments: tuple[str, ...]) -> set[str]:
    """Which of the heavy modules a command imports."""
    run = subprocess.run([sys.executable, "-X", "importtime", *arguments], check=True, capture_output=True, text=True)
    modules = {line.rpartition("|")[2].strip().partition(".")[0] for line in run.stderr.splitlines() if "|" in line}
    return modules & HEAVY


def main() -> None:
    """Print median, ratio and heavy imports of each command."""
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for round_number in range(repeats + 1):
        for name, arguments in COMMANDS.items():
            taken = seconds(arguments)
            if round_number:
                times[name].append(taken)
    baseline = statistics.median(times["python -c pass"])
    for name, taken in times.items():
        median = statistics.median(taken)
        heavy = ", ".join(sorted(heavy_imports(COMMANDS[name]))) or "none"
        print(f"{name:<22} {1e3 * median:7.1f} ms  {median / baseline:5.1f} x  heavy imports: {heavy}")


if __name__ == "__main__":
    main()
