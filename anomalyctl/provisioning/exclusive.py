"""One anomalyctl at a time works on an environment on this machine; the system gives the lock back, come
what may.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from anomalyctl.errors import Locked


@contextlib.contextmanager
def alone(path: Path, *, environment: str, command: str) -> Iterator[None]:
    """Hold the lock at `path` for the block. Raises Locked with the process that holds it."""
    try:
        import fcntl
    except ImportError:  # Windows: Terraform's own lock remains
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Locked(
                f"Another anomalyctl works on {environment} on this machine: {_holder(descriptor)}.",
                hint="Wait until it is done, then try again.",
            ) from None
        with contextlib.suppress(OSError):  # a full disk: the lock counts, the note is a courtesy
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "command": command}).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _holder(descriptor: int) -> str:
    try:
        note = json.loads(os.pread(descriptor, 4096, 0))
        return f"`{note['command']}`, process {note['pid']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it does not say which"
