"""The record's data inside the page: CSV per part and one JSON document, as links that need no network."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from cli.past.frames import csv_text
from experiments.lab.record import Record

CSV_LIMIT, JSON_LIMIT = 1_000_000, 2_000_000
"""Bytes of a file that a page carries."""
PRIVATE = ("host",)
"""What of the machine is nobody's business."""


@dataclass(frozen=True)
class Download:
    """A file inside the page; ``href`` is empty where it is too large."""

    name: str
    what: str
    href: str
    size: str


def downloads(record: Record) -> tuple[Download, ...]:
    """CSV of every part's rows, then everything as JSON."""
    rows = record.rows()
    parts: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        parts.setdefault(row.get("part", "rows"), []).append(row)
    return (*_tables(record, parts), _document(record, rows))


def _tables(record: Record, parts: dict[str, list[dict[str, Any]]]) -> Iterator[Download]:
    for part, rows in parts.items():
        name = f"{record.meta['study']}-{part}.csv"
        yield _download(name, f"{len(rows):,} rows of {part}", csv_text(rows), "text/csv", CSV_LIMIT)


def _document(record: Record, rows: Sequence[dict[str, Any]]) -> Download:
    text = json.dumps({**shared_meta(record), "findings": record.findings(), "rows": rows}, allow_nan=False)
    return _download(f"{record.meta['study']}.json", "everything", text, "application/json", JSON_LIMIT)


def shared_meta(record: Record) -> dict[str, Any]:
    """What is known of the run, without what concerns only the machine that made it."""
    meta = {key: value for key, value in record.meta.items() if key != "process"}
    machine = {key: value for key, value in meta.get("machine", {}).items() if key not in PRIVATE}
    return {"id": record.id, **meta, "machine": machine}


def size_text(size: int) -> str:
    """Bytes for reading.

    >>> size_text(900), size_text(12_345), size_text(3_456_789)
    ('900 bytes', '12 kB', '3.5 MB')
    """
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1e6:.1f} MB"


def _download(name: str, what: str, text: str, kind: str, limit: int) -> Download:
    content = text.encode("utf-8")
    encoded = base64.b64encode(content).decode("ascii")
    href = f"data:{kind};charset=utf-8;base64,{encoded}" if len(content) <= limit else ""
    return Download(name, what, href, size_text(len(content)))
