"""Is there a network? Asked by data sets that are nice to have, so it must be quick and must not be asked often.

An answer "no" is remembered in this process and, in the data folder, for an hour.
"""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

PATIENCE = 3.0
"""Seconds to wait for any answer, name look-up included."""
OFFLINE_SECONDS = 3600.0
STAMP = ".offline"
_offline_folders: set[Path] = set()


def why_unreachable(url: str, folder: Path) -> str | None:
    """Why ``url`` cannot be had now, or None where its server answers. ``folder`` is the data folder."""
    if folder in _offline_folders or 0 <= _stamp_age(folder) < OFFLINE_SECONDS:
        return "no network a short while ago"
    if _answers(url):
        return None
    remember_offline(folder)
    return f"{urllib.parse.urlsplit(url).hostname} cannot be reached"


def remember_offline(folder: Path) -> None:
    """Do not ask again in this process, nor in others for an hour."""
    _offline_folders.add(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / STAMP).touch()
    except OSError:
        return  # a folder that cannot be written: this process remembers all the same


def forget_offline(folder: Path) -> None:
    """Something was fetched, or the user asks for it: look again."""
    _offline_folders.discard(folder)
    (folder / STAMP).unlink(missing_ok=True)


def _stamp_age(folder: Path) -> float:
    """Seconds since the answer "no"; below 0 where the clock was set back since, so that it says nothing."""
    try:
        return time.time() - (folder / STAMP).stat().st_mtime
    except OSError:
        return float("inf")


def _answers(url: str) -> bool:
    answered = threading.Event()

    def ask() -> None:
        try:
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=PATIENCE):
                answered.set()
        except urllib.error.HTTPError as error:
            error.close()
            answered.set()
        except (OSError, ValueError):
            return

    # The look-up of a name has no time limit of its own, so the thread is left alone rather than waited for.
    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return answered.is_set()
