"""The rooms of the house, as a contract of import-linter: which may import which.

A module's room is told from its name, so a new family is held without being named anywhere. Imports for types alone
count. ``lint-imports`` runs it by ``[tool.importlinter]`` in pyproject.toml; ``tests/test_house.py`` breaks each rule.
"""

from __future__ import annotations

from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, output

WORDS = ("experiment", "figures", "setup", "views", "judge", "answers", "errors")
"""What of the lab experiments and foundation speak; the rest is the machine that runs them."""

MAY_IMPORT = {
    "terminal": ("terminal", "machine", "words", "data sets", "foundation", "core", "experiment"),
    "machine": ("machine", "words"),
    "words": ("words",),
    "data sets": ("data sets", "foundation", "words"),
    "foundation": ("data sets", "foundation", "words"),
    "core": ("core", "foundation"),
    "experiment": ("experiment", "core", "data sets", "foundation", "words"),
}
RULES = {
    "machine": "the lab loads experiments by name and stands on nothing but itself",
    "words": "the lab's words know neither the machine nor anything outside the lab",
    "data sets": "foundation knows no family, and of the lab only its words",
    "foundation": "foundation knows no family, and of the lab only its words",
    "core": "a core stands on itself and on foundation without its data sets",
    "experiment": "an experiment stands on its own core, on foundation and on the lab's words",
}


def room(module: str) -> tuple[str, str]:
    """(room, family) of a module; the family is empty outside of families."""
    match module.split("."):
        case ["cli", *_]:
            return "terminal", ""
        case ["experiments", "lab", name, *_]:
            return ("words" if name in WORDS else "machine"), ""
        case ["experiments", "foundation", "datasets", *_]:
            return "data sets", ""
        case ["experiments", "foundation", *_]:
            return "foundation", ""
        case ["experiments", family, "core", *_]:
            return "core", family
        case ["experiments", family, *_]:
            return "experiment", family
    return "outside", ""


def refusal(importer: str, imported: str) -> str | None:
    """The rule that an import breaks, if any."""
    (room_from, family_from), (room_to, family_to) = room(importer), room(imported)
    if "outside" in (room_from, room_to):
        return None
    if room_to not in MAY_IMPORT[room_from]:
        return RULES[room_from]
    if family_from and family_to and family_from != family_to:
        return "families do not know each other"
    if room_from == room_to == "experiment" and _is_study(imported) and _name(importer) != _name(imported):
        return "experiments do not know each other"
    return None


def _name(module: str) -> str:
    return ".".join(module.split(".")[1:3])


def _is_study(module: str) -> bool:
    """Whether the module, or the folder that it is in, is an experiment: then a study bears its name."""
    return Path("conf", *_name(module).split(".")).with_suffix(".yaml").is_file()


class Rooms(Contract):
    """Every direct import stays within what its room may import."""

    type_name = "rooms"

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        broken = [
            f"{importer} -> {imported}: {rule}"
            for importer in sorted(graph.modules)
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if (rule := refusal(importer, imported))
        ]
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for line in check.metadata["broken"]:
            output.print_error(line)
