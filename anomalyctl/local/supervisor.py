"""The supervisor: one detached process that owns the parts of the environment `local`.

Run as `python -m anomalyctl.local.supervisor FOLDER`. It returns as soon as a process of its own session has
taken over, and says on standard error why when that did not happen.

SIGTERM stops all parts, the last first, and ends it. SIGHUP reads the plan again (parts that are the same go
on, the others are started, stopped or replaced) and starts at once what waits for its next try.
When its folder is deleted under it, it stops all parts too: nobody could find them any more.
When it is killed without warning, the kernel ends its children (Linux); `orphans` finds them elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from anomalyctl.errors import AnomalyctlError, InternalError, Locked
from anomalyctl.local import locks
from anomalyctl.local.disk import read_json
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.part import Part, digest, parts_from_mapping
from anomalyctl.local.state import SupervisorState, write_state
from anomalyctl.local.supervised import SupervisedPart
from anomalyctl.local.surroundings import child_environment
from anomalyctl.processes.identity import identify
from anomalyctl.processes.output import rotate_output
from anomalyctl.telemetry.times import format_time

STOP_WITHIN_S = 25.0
LOG_LIMIT = 10 * 1024 * 1024
"""Bytes; each log is kept twice at most."""
_HOUSEKEEPING_S = 2.0


class Supervisor:
    """Runs parts until it is told to stop."""

    def __init__(
        self,
        folder: LocalFolder,
        parts: tuple[Part, ...],
        environ: Mapping[str, str],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        log_limit: int = LOG_LIMIT,
    ) -> None:
        self._folder = folder
        self._environ = environ
        self._clock = clock
        self._log_limit = log_limit
        self._plan = digest(parts)
        self._since = format_time(clock())
        self._written: SupervisorState | None = None
        self._stopping = False
        self._called = False
        self._bell, self._ring = os.pipe()
        os.set_blocking(self._bell, False)
        os.set_blocking(self._ring, False)
        self._parts = [SupervisedPart(part, folder.log_of(part.name), self.wake, _say) for part in parts]

    def run(self) -> None:
        """Look after the parts until SIGTERM or SIGINT, then stop them in order."""
        try:
            self._look_after_them()
        finally:
            self._stop_parts()

    def wake(self) -> None:
        """Look again soon; may be called from any thread."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._ring, b"!")

    def _look_after_them(self) -> None:
        signal.set_wakeup_fd(self._ring, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        signal.signal(signal.SIGHUP, self._call)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # its arrival is the message
        housekeeping = time.monotonic()
        while not self._stopping:
            if self._called:
                self._called = False
                self._answer_call()
            now = time.monotonic()
            healthy = self._healthy()
            for one in self._parts:
                one.tick(now, self._clock, self._environ, ready=healthy.issuperset(one.part.after))
            self._tell()
            if now >= housekeeping:
                housekeeping = now + _HOUSEKEEPING_S
                if not self._folder.supervisor_lock.exists():
                    _say("the folder is gone")
                    return
                self._bound_logs()
            if self._healthy() == healthy:  # else somebody may be waiting for just that
                self._sleep(now, housekeeping)

    def _answer_call(self) -> None:
        try:
            parts = parts_from_mapping(read_json(self._folder.plan) or {})
        except (AnomalyctlError, KeyError, TypeError):
            _say("the plan cannot be read: all parts go on as they are")
        else:
            if digest(parts) != self._plan:
                self._change_to(parts)
        for one in self._parts:
            one.retry_now()

    def _change_to(self, parts: tuple[Part, ...]) -> None:
        kept = {one.part.name: one for one in self._parts if one.part in parts}
        for one in reversed(self._parts):
            if one.part.name not in kept:
                one.stop(one.part.stop_s)
                _say(f"{one.part.name} is stopped")
        self._parts = [
            kept.get(part.name) or SupervisedPart(part, self._folder.log_of(part.name), self.wake, _say)
            for part in parts
        ]
        self._plan = digest(parts)
        _say(f"goes on with {', '.join(part.name for part in parts)}")

    def _healthy(self) -> set[str]:
        return {one.part.name for one in self._parts if one.health == "healthy"}

    def _sleep(self, now: float, until: float) -> None:
        waits = [until - now, *(due for one in self._parts if (due := one.due(now)) is not None)]
        select.select([self._bell], [], [], max(0.0, min(waits)))
        with contextlib.suppress(BlockingIOError):
            while os.read(self._bell, 1024):
                pass

    def _tell(self) -> None:
        own = identify(os.getpid())
        if own is None:
            raise InternalError("The supervisor does not find itself among the processes.")
        state = SupervisorState(
            process=own,
            since=self._since,
            plan=self._plan,
            parts=tuple(one.state() for one in self._parts),
        )
        if state == self._written and self._folder.state.exists():
            return
        try:
            write_state(self._folder, state)
        except (AnomalyctlError, FileNotFoundError) as error:
            if self._written is not None:
                _say(f"the state cannot be written: {error}")  # the parts matter more; tried again next time
            self._written = None
        else:
            self._written = state

    def _bound_logs(self) -> None:
        names = [one.part.name for one in self._parts]
        for name in (*names, "supervisor"):
            try:
                if rotate_output(self._folder.log_of(name), limit=self._log_limit):
                    _say(f"the log of {name} was cut")
            except OSError as error:
                _say(f"the log of {name} cannot be cut: {os.strerror(error.errno or 0)}")

    def _stop_parts(self) -> None:
        deadline = time.monotonic() + STOP_WITHIN_S
        for one in reversed(self._parts):
            one.stop(max(0.5, min(one.part.stop_s, deadline - time.monotonic())))
            _say(f"{one.part.name} is stopped")
        with contextlib.suppress(OSError):
            self._folder.state.unlink(missing_ok=True)

    def _stop(self, signum: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _call(self, signum: int, frame: FrameType | None) -> None:
        self._called = True


def main(arguments: list[str]) -> int:
    """Take the lock, detach, and run; the exit code of the process that was started."""
    folder = LocalFolder(Path(arguments[0]))
    try:
        parts = parts_from_mapping(read_json(folder.plan) or {})
        lock = _take_lock(folder)
    except AnomalyctlError as error:
        _say(error.message)
        return error.exit_code
    except (KeyError, TypeError):
        _say(f"{folder.plan} is no plan")
        return InternalError.exit_code
    os.umask(0o077)  # whatever a part writes is for its owner alone
    if os.fork():  # the lock stays with the child
        return 0
    os.setsid()
    os.chdir(folder.root)
    try:
        locks.sign(lock, what="supervisor", now=datetime.now(UTC))
        _say(f"started with {', '.join(part.name for part in parts)}")
        Supervisor(folder, parts, child_environment(os.environ)).run()
        _say("stopped")
    finally:
        os.close(lock)
    return 0


def _take_lock(folder: LocalFolder) -> int:
    for _ in range(20):
        try:
            return locks.take(folder.supervisor_lock, what="supervisor", now=datetime.now(UTC))
        except Locked:
            time.sleep(0.05)  # somebody may only be looking whether it is held
    return locks.take(folder.supervisor_lock, what="supervisor", now=datetime.now(UTC))


def _say(text: str) -> None:
    with contextlib.suppress(OSError):  # a full disk: the parts go on without a diary
        sys.stderr.write(f"{format_time(datetime.now(UTC))} {text}\n")
        sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
