"""Stands between anomalyctl and Terraform, as a process of its own with a single thread.

The kernel's parent-death signal is sent once for each *thread* that ends: a wrapper with threads that is
killed gives Terraform two or three SIGINTs, and a second one makes it stop without saving its state or its
lock. So only this process signals Terraform, and it counts. It is run by path, isolated, and imports the
standard library alone.

    python -I -S guardian.py STATUS_FILE PROGRAM ARGUMENT…      words on standard input: i interrupt, k kill

When standard input ends (anomalyctl is gone), Terraform gets its one SIGINT, unless it already had one.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_IGNORED_BY_PYTHON: Final = ("SIGPIPE", "SIGXFSZ", "SIGXFZ")
_NOT_STARTED: Final = 127


class Guardian:
    """One Terraform and what was sent to it."""

    def __init__(self, status_file: str, command: list[str]) -> None:
        self.status_file = status_file
        self.interrupts = 0
        self.abandoned = False
        self.pid = _start(command)
        self.write_status(None)

    def obey(self, words: bytes) -> None:
        """Do what anomalyctl says; nothing at all means that it is gone."""
        if not words:
            self.abandoned = True
            if not self.interrupts:
                self.interrupt()
        for word in words.decode("ascii", "replace"):
            if word == "i":
                self.interrupt()
            elif word == "k":
                os.killpg(self.pid, signal.SIGKILL)

    def interrupt(self) -> None:
        """Send one SIGINT to Terraform itself; its providers are not meant."""
        self.interrupts += 1
        os.kill(self.pid, signal.SIGINT)

    def write_status(self, exit_code: int | None) -> None:
        """Keep what became of it, for whoever looks later."""
        code = "null" if exit_code is None else str(exit_code)
        text = (
            f'{{"pid": {self.pid}, "exit_code": {code}, "interrupts": {self.interrupts}, '
            f'"abandoned": {str(self.abandoned).lower()}}}\n'
        )
        try:
            descriptor = os.open(self.status_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(descriptor, text.encode())
            os.close(descriptor)
        except OSError:  # a full disk must not cost Terraform its end
            pass


def guard(status_file: str, command: list[str]) -> int:
    """Run the command to its end; its exit code, negative where a signal ended it."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    bell, ringer = os.pipe()
    os.set_blocking(ringer, False)
    signal.set_wakeup_fd(ringer, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    guardian = Guardian(status_file, command)
    listening = [bell, 0]
    while True:
        ended, status = os.waitpid(guardian.pid, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            guardian.write_status(code)
            return code
        ready, _, _ = select.select(listening, [], [])
        if bell in ready:
            os.read(bell, 512)
        if 0 in ready:
            words = os.read(0, 64)
            guardian.obey(words)
            if not words:
                listening.remove(0)


def _start(command: list[str]) -> int:
    parent = os.getpid()
    libc = ctypes.CDLL(None) if sys.platform.startswith("linux") else None
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD", *_IGNORED_BY_PYTHON):
            if number := getattr(signal, name, None):
                signal.signal(number, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGINT), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(_NOT_STARTED)
        os.execvp(command[0], command)  # noqa: S606 - an argument list, never a shell
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(_NOT_STARTED)


if __name__ == "__main__":
    ended_with = guard(sys.argv[1], sys.argv[2:])
    os._exit(ended_with if ended_with >= 0 else 128 - ended_with)
