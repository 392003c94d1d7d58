"""The code that an experiment stands on."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.lab import catalog
from experiments.lab.code import code_of, core_of

FILES = {
    "toys/count/__init__.py": "from experiments.toys.count import part\n",
    "toys/count/part.py": "def run():\n    from experiments.toys.core.sums import total\n    return total\n",
    "toys/core/sums.py": "from experiments.foundation.numbers import ONE\ntotal = ONE + 1\n",
    "foundation/numbers.py": "ONE = 1\n",
    "foundation/other.py": "TWO = 2\n",
    "toys/other.py": "import experiments.foundation.other\n",
}


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(catalog, "EXPERIMENTS", tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("file", "code", "core"),
    [
        ("toys/count/part.py", True, False),
        ("toys/core/sums.py", True, True),
        ("foundation/numbers.py", True, True),
        ("foundation/other.py", False, False),
    ],
)
def test_code_is_what_is_imported_and_core_what_the_experiment_does_not_own(
    house: Path, file: str, code: bool, core: bool
) -> None:
    before = code_of("toys.count"), core_of("toys.count")
    (house / file).write_text(FILES[file].replace("+ 1", "+ 2").replace("= 1", "= 3") + "NEW = 4\n")
    assert (code_of("toys.count") != before[0], core_of("toys.count") != before[1]) == (code, core)


def test_comments_and_docstrings_do_not_count(house: Path) -> None:
    before = core_of("toys.count")
    (house / "foundation/numbers.py").write_text('"""A number."""\n\nONE = 1  # the first\n')
    assert core_of("toys.count") == before


def test_a_module_is_followed_however_it_is_imported(house: Path) -> None:
    before = core_of("toys.other")
    (house / "foundation/other.py").write_text("TWO = 3\n")
    assert core_of("toys.other") != before
