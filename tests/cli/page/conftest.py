"""What tests of pages share: a page that is written and read back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.invoking import Invoke, document
from tests.cli.page.reading import Read, read


@pytest.fixture
def page(squares: Path, mlnotes: Invoke) -> Callable[..., Read]:
    """``page(words)``: what ``mlnotes report`` writes, read back."""

    def written(*words: str) -> Read:
        result = mlnotes("report", *words, "--json")
        assert result.exit_code == 0, result.output
        return read(Path(document(result)["page"]).read_text(encoding="utf-8"))

    return written
