"""What a record says of its run, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from experiments.lab.record import Record

Document = dict[str, Any]


def run_document(record: Record) -> Document:
    """A run as ``run --json`` gives it."""
    meta = record.meta
    return {
        "experiment": meta["experiment"],
        "study": meta["study"],
        "status": record.status,
        "record": str(record.path.resolve()),
        "params": meta["params"],
        "seeds": meta["seeds"],
        "answer": meta.get("answer"),
        "rows": record.rows(),
        "findings": record.findings(),
        "seconds": meta.get("seconds"),
        "versions": meta["versions"],
        "commit": meta.get("commit"),
        "looks": meta.get("looks", []),
    }


def flat_settings(record: Record) -> dict[str, object]:
    """What a run was made with and where, by dotted key."""
    kept = ("study", "smoke", "params", "settings", "versions", "machine", "commit", "claims_hash")
    return dict(_flat({key: record.meta[key] for key in kept}))


def _flat(values: Mapping[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    return [
        pair
        for key, value in values.items()
        for pair in (_flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [(f"{prefix}{key}", value)])
    ]
