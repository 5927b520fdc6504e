"""Runs Terraform so that whatever dies, no lock stays and no state is lost.

A session of its own, standard input closed, output to files that are tailed and never to a pipe, exactly
one SIGINT forwarded (by the guardian), a second one explained before it is passed on, and a bound on how
long ending may take.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Final

from anomalyctl.processes.identity import ProcessIdentity, identify
from anomalyctl.processes.output import open_output
from anomalyctl.provisioning.tailing import Tail

_GUARDIAN: Final = Path(__file__).with_name("guardian.py")
_POLL_S: Final = 0.03
_WATCHED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long an interrupted Terraform may take, in seconds."""

    graceful_s: float = 300.0
    """After the first interrupt: the resources in flight end or are cancelled, the state is written."""
    forced_s: float = 20.0
    """After the second; then it is killed."""


@dataclass(frozen=True, slots=True)
class RunFiles:
    """Where one run of Terraform writes; all for the owner alone."""

    events: Path
    errors: Path
    status: Path

    @classmethod
    def at(cls, folder: Path, name: str) -> RunFiles:
        """The three files of the run `name` in a run's folder."""
        return cls(folder / f"{name}.jsonl", folder / f"{name}.err", folder / f"{name}.status.json")


@dataclass(frozen=True, slots=True)
class Ended:
    """How Terraform ended. A negative code is the signal that ended it."""

    exit_code: int
    interrupts: int
    """How many SIGINTs it was sent: 0 none, 1 a graceful stop, 2 at once."""
    took_s: float
    signal_number: int | None
    """The signal that anomalyctl itself received, if any."""


@dataclass(slots=True)
class Listener:
    """What the supervisor tells while it waits; everything is called in the calling thread."""

    line: Callable[[str], None] = lambda _line: None
    tick: Callable[[], None] = lambda: None
    notice: Callable[[str], None] = lambda _text: None
    started: Callable[[ProcessIdentity], None] = lambda _identity: None


@dataclass(slots=True)
class _Interrupts:
    """The signals that came to us while Terraform ran."""

    seen: int = 0
    last: int | None = None
    told: int = 0
    since: float = field(default=0.0)

    def note(self, signal_number: int, frame: FrameType | None) -> None:
        self.seen += 1
        self.last = signal_number


def supervise(
    argv: Sequence[str],
    *,
    environment: Mapping[str, str],
    folder: Path,
    files: RunFiles,
    listener: Listener | None = None,
    bounds: Bounds | None = None,
) -> Ended:
    """Run `argv` in `folder` to its end, telling each line of its standard output as it comes.

    SIGINT, SIGTERM and SIGHUP to this process are held back while it runs: the first is passed on as one
    SIGINT, a second one too. The caller decides what to raise from `Ended.signal_number`. Raises OSError
    when nothing can be started or written.
    """
    listener, bounds = listener or Listener(), bounds or Bounds()
    began = time.monotonic()
    with _held_signals() as interrupts, _guarded(argv, environment, folder, files) as guardian:
        if identity := identify(guardian.pid):
            listener.started(identity)
        tail = Tail(files.events)
        try:
            while guardian.poll() is None:
                _pass_on(guardian, interrupts, listener, bounds)
                for line in tail.lines():
                    listener.line(line)
                listener.tick()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    guardian.wait(_POLL_S)
            for line in tail.lines(final=True):
                listener.line(line)
        finally:
            tail.close()
    code, sent = _what_became(files.status, guardian.returncode)
    return Ended(code, sent, time.monotonic() - began, interrupts.last)


@contextlib.contextmanager
def _held_signals() -> Iterator[_Interrupts]:
    interrupts = _Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = {number: signal.signal(number, interrupts.note) for number in _WATCHED}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _guarded(
    argv: Sequence[str], environment: Mapping[str, str], folder: Path, files: RunFiles
) -> Iterator[subprocess.Popen[Any]]:
    """A guardian with Terraform below it. Whatever ends this block early leaves Terraform its one SIGINT."""
    with contextlib.ExitStack() as stack:
        out, err = open_output(files.events), open_output(files.errors)
        stack.callback(os.close, out)
        stack.callback(os.close, err)
        guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_GUARDIAN), str(files.status), *argv],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=err,
            env=dict(environment),
            cwd=folder,
            start_new_session=True,
            bufsize=0,
        )
    assert guardian.stdin is not None  # noqa: S101 - for the type checker
    try:
        yield guardian
    finally:
        with contextlib.suppress(OSError):
            guardian.stdin.close()
        guardian.wait()


def _pass_on(
    guardian: subprocess.Popen[Any], interrupts: _Interrupts, listener: Listener, bounds: Bounds
) -> None:
    now = time.monotonic()
    wanted = min(interrupts.seen, 2)
    late = interrupts.told == 1 and now - interrupts.since > bounds.graceful_s
    if interrupts.told == 0 and wanted >= 1:
        _say(guardian, b"i")
        interrupts.told, interrupts.since = 1, now
        listener.notice(
            "Stopping: Terraform ends what is in flight, writes the state and releases the lock. "
            "A second Ctrl-C stops it at once: the state may then miss what is in flight, the lock may stay."
        )
    elif interrupts.told == 1 and (wanted >= 2 or late):
        listener.notice(
            f"Terraform did not end within {bounds.graceful_s:.0f} s: stopping it at once."
            if late
            else "Stopping at once: the state may miss what was in flight, and the lock may stay."
        )
        _say(guardian, b"i")
        interrupts.told, interrupts.since = 2, now
    elif interrupts.told == 2 and now - interrupts.since > bounds.forced_s:
        _say(guardian, b"k")
        interrupts.since = now


def _say(guardian: subprocess.Popen[Any], word: bytes) -> None:
    assert guardian.stdin is not None  # noqa: S101 - for the type checker
    with contextlib.suppress(OSError):
        guardian.stdin.write(word)


def _what_became(status: Path, guardian_code: int) -> tuple[int, int]:
    """Exit code and interrupts as the guardian kept them; its own exit code where it could not write."""
    import json

    try:
        kept = json.loads(status.read_text(encoding="utf-8"))
        if kept["exit_code"] is not None:
            return int(kept["exit_code"]), int(kept["interrupts"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return (128 - guardian_code if guardian_code > 128 else guardian_code), 0
