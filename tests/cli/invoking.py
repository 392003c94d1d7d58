"""What tests of commands share: how they call the app, and the document that it prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from typer.testing import Result

Invoke = Callable[..., Result]


def document(result: Result) -> Any:
    """The one JSON document on stdout."""
    return json.loads(result.stdout)


def mlnotes_process(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    entry = "from cli.app import main; main()"
    return subprocess.run(
        [sys.executable, "-c", entry, *words], capture_output=True, text=True, env={**os.environ, **environment}
    )
