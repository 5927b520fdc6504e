"""Locks that the operating system holds: a process that dies, however it dies, gives them back."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from anomalyctl.errors import Locked, MissingTool
from anomalyctl.local.disk import PRIVATE_FILE, explained
from anomalyctl.telemetry.times import format_time


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as it wrote itself; the note may be missing for a moment."""

    pid: int | None
    since: str
    what: str


@contextlib.contextmanager
def held(path: Path, *, what: str, now: datetime) -> Iterator[None]:
    """Hold the lock at `path` for the block. Raises Locked with who holds it and since when."""
    descriptor = take(path, what=what, now=now)
    try:
        yield
    finally:
        os.close(descriptor)


def take(path: Path, *, what: str, now: datetime) -> int:
    """Take the lock until the returned descriptor is closed, or this process ends. Raises Locked."""
    descriptor = _open(path)
    if not _try_exclusive(descriptor):
        os.close(descriptor)
        raise _locked(path)
    sign(descriptor, what=what, now=now)
    return descriptor


def sign(descriptor: int, *, what: str, now: datetime) -> None:
    """Write who holds the lock, for those who meet it."""
    note = json.dumps({"pid": os.getpid(), "since": format_time(now), "what": what}).encode()
    os.ftruncate(descriptor, 0)
    with contextlib.suppress(OSError):  # a full disk: the lock counts, the note is a courtesy
        os.pwrite(descriptor, note, 0)


def is_held(path: Path) -> bool:
    """True while some process holds the lock."""
    if not path.exists():
        return False
    descriptor = _open(path)
    try:
        return not _try_exclusive(descriptor, shared=True)
    finally:
        os.close(descriptor)


def holder(path: Path) -> Holder:
    """The note of whoever took the lock last."""
    try:
        note = json.loads(path.read_bytes())
        return Holder(pid=int(note["pid"]), since=str(note["since"]), what=str(note["what"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Holder(pid=None, since="", what="")


def _locked(path: Path) -> Locked:
    other = holder(path)
    who = f"Another `anomalyctl {other.what}` (process {other.pid})" if other.pid else "Another command"
    since = f" since {other.since}" if other.since else ""
    return Locked(
        f"{who} has been changing the environment local{since}.",
        hint="Wait until it is done, then try again.",
        details={"pid": other.pid, "since": other.since, "command": other.what},
    )


def _open(path: Path) -> int:
    with explained(path):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)


def _try_exclusive(descriptor: int, *, shared: bool = False) -> bool:
    try:
        import fcntl
    except ImportError:
        raise MissingTool(
            "The environment local needs Linux or macOS.", hint="On Windows, use it inside WSL."
        ) from None
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
