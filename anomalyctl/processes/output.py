"""The file that a child writes to: private, appended to, and never larger than we allow."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

PRIVATE = 0o600


def open_output(path: Path) -> int:
    """A descriptor that appends to `path`, created for its owner alone. The caller closes it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, PRIVATE)
    os.fchmod(descriptor, PRIVATE)  # also where the file was there before
    return descriptor


def rotate_output(path: Path, *, limit: int) -> bool:
    """Move what `path` holds to `<path>.1` once it is over `limit` bytes; True when it was.

    The writer keeps its descriptor, which appends, so the file is copied and cut rather than renamed. A line
    written between the two steps is lost; on a full disk the old lines are lost and the bound is kept.
    """
    try:
        if path.stat().st_size <= limit:
            return False
    except FileNotFoundError:
        return False
    older = path.with_name(path.name + ".1")
    try:
        descriptor = os.open(older, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE)
        with os.fdopen(descriptor, "wb") as target, path.open("rb") as source:
            shutil.copyfileobj(source, target)
    except OSError:
        older.unlink(missing_ok=True)
    os.truncate(path, 0)
    return True


def last_lines(path: Path, count: int) -> list[str]:
    """The last `count` lines of a file, read from its end; none where there is no file."""
    if count <= 0:
        return []
    try:
        with path.open("rb") as file:
            position = file.seek(0, os.SEEK_END)
            tail = b""
            while position > 0 and tail.count(b"\n") <= count:
                step = min(64 * 1024, position)
                position = file.seek(position - step)
                tail = file.read(step) + tail
    except FileNotFoundError:
        return []
    return tail.decode("utf-8", "replace").splitlines()[-count:]
