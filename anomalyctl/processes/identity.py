"""Which process a number meant: the system uses numbers again, the time of its start tells them apart."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from anomalyctl.errors import MissingTool

_POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """One process, for as long as the machine is up."""

    pid: int
    started: float
    """When it started: the kernel's clock ticks since boot on Linux, seconds since 1970 elsewhere."""

    def alive(self) -> bool:
        """True while exactly this process runs; one that ended and waits to be reaped does not."""
        return identify(self.pid) == self


def identify(pid: int) -> ProcessIdentity | None:
    """The process that has this number now, or None where there is none or it has ended."""
    started = _started_linux(pid) if Path("/proc/self/stat").exists() else _started_elsewhere(pid)
    return None if started is None else ProcessIdentity(pid=pid, started=started)


def end_process(identity: ProcessIdentity, *, grace_s: float) -> bool:
    """Ask it to end (SIGTERM), and end its whole session (SIGKILL) when `grace_s` seconds were not enough.

    For processes that are no children of ours. True once it is gone.
    """
    if not identity.alive():
        return True
    with contextlib.suppress(ProcessLookupError):
        os.kill(identity.pid, signal.SIGTERM)
    if _gone_within(identity, grace_s):
        return True
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if os.getpgid(identity.pid) == identity.pid:
            os.killpg(identity.pid, signal.SIGKILL)
        else:
            os.kill(identity.pid, signal.SIGKILL)
    return _gone_within(identity, 2.0)


def _gone_within(identity: ProcessIdentity, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while identity.alive():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_S)
    return True


def _started_linux(pid: int) -> float | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name in brackets may hold blanks
    state, start_ticks = fields[0], fields[19]
    return None if state in "ZX" else float(start_ticks)


def _started_elsewhere(pid: int) -> float | None:
    try:
        import psutil
    except ImportError:
        raise MissingTool(
            "The package psutil is not installed.", hint="Run: pip install 'anomalyctl[local]'"
        ) from None
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None
