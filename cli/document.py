"""The one JSON document that ``--json`` prints on stdout. ASCII only, so that any pipe carries it."""

from __future__ import annotations

import json
import sys
from typing import Any


def print_document(document: Any) -> None:
    """Print ``document``, made of plain values with finite numbers, and nothing else; indented for a person only."""
    indent = 2 if sys.stdout.isatty() else None
    sys.stdout.write(json.dumps(document, indent=indent, allow_nan=False) + "\n")
