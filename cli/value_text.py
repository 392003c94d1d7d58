"""Values as one types them on the command line."""

from __future__ import annotations


def value_text(value: object) -> str:
    """A value as one types it on the command line."""
    if isinstance(value, list):
        return "[" + ",".join(map(value_text, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)
