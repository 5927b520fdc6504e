"""One child process: in a session of its own, deaf to the terminal, ended within a bound."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from anomalyctl.processes.identity import identify
from anomalyctl.processes.output import open_output
from anomalyctl.processes.parent_death import end_with_parent


class Child:
    """A running (or ended) child process.

    Its standard input is closed and its output goes to files, never to a pipe: a child outlives a reader
    that is gone without noticing.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.identity = identify(process.pid)
        """None where it had ended before it could be looked at."""

    @property
    def pid(self) -> int:
        """Its process number, which is also that of its session and group."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; negative means ended by that signal."""
        return self._process.poll()

    def wait(self, timeout_s: float | None = None) -> int | None:
        """Its exit code, or None when it still runs after `timeout_s` seconds."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def send(self, signum: signal.Signals) -> None:
        """Send one signal to the child itself, not to what it started."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signum)

    def stop(self, *, grace_s: float, signum: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end, wait at most `grace_s` seconds, then end its whole group. Returns the exit code."""
        self.send(signum)
        code = self.wait(grace_s)
        self.kill()
        return self._process.wait() if code is None else code

    def kill(self) -> None:
        """End the child and whatever is left of its group at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)


def start_child(
    argv: Sequence[str],
    *,
    output: Path,
    error_output: Path | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    on_parent_death: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start `argv`; its output is appended to `output` (mode 0600), its errors too unless told otherwise.

    Call it from a thread that lives as long as the child may (see `end_with_parent`). Secrets belong into
    `env`, never into `argv`, which every user of the machine can read. Raises OSError when it cannot start.
    """
    with contextlib.ExitStack() as stack:
        out = open_output(output)
        stack.callback(os.close, out)
        err = out
        if error_output is not None:
            err = open_output(error_output)
            stack.callback(os.close, err)
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env=None if env is None else dict(env),
            cwd=cwd,
            start_new_session=True,
            close_fds=True,
            preexec_fn=end_with_parent(on_parent_death),
        )
    return Child(process)
