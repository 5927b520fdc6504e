"""The run ledger: what was done, by whom and how it ended, one JSON line an event, for the owner alone.

Each line is an object with `at` (UTC), `type` and `run`. `started` comes first, with `schema` (below),
command, environment, arguments, user and host; then, as they happen, process, terraform, terraform_ended,
plan, backup, resource, resource_running, resource_failed, retry, lock_left, unknown_to_state, unlocked and
secrets_shown; last `ended`, with outcome, exit_code and error. A run that ends without its line was killed;
its processes and files say what became of it.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import re
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from anomalyctl.errors import NotFound
from anomalyctl.processes.identity import ProcessIdentity, identify
from anomalyctl.provisioning.plans.redaction import SECRET, sounds_secret
from anomalyctl.provisioning.run_folders import prune
from anomalyctl.provisioning.run_ids import new_run_id
from anomalyctl.telemetry.times import format_time, parse_time

SCHEMA: Final = 1
"""Of the lines. Types and fields may be added within it; lines of a newer one are left alone and not read."""
_RECENT_BYTES: Final = 4 * 1024 * 1024

Outcome = Literal["running", "done", "failed", "interrupted", "declined", "died"]

_SECRET_FLAGS: Final = ("--var",)


@dataclass(frozen=True, slots=True)
class Run:
    """One command, as the ledger knows it."""

    id: str
    command: str
    environment: str
    arguments: tuple[str, ...]
    user: str
    host: str
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome
    exit_code: int | None
    error: str
    processes: tuple[ProcessIdentity, ...]
    events: tuple[Mapping[str, Any], ...]
    """Everything else that was noted, in order."""

    @property
    def alive(self) -> bool:
        """True while a process of it runs on this machine."""
        return any(process.alive() for process in self.processes)


@dataclass(slots=True)
class OpenRun:
    """A run that is going on: note what happens, then end it."""

    id: str
    folder: Path
    """For its files, mode 0700."""
    _append: Callable[[Mapping[str, Any]], None] = field(repr=False)
    _parts: int = 0

    def note(self, kind: str, /, **facts: Any) -> None:
        """Keep one event. Never a secret."""
        self._append({"type": kind, "run": self.id, **facts})

    def note_safely(self, kind: str, /, **facts: Any) -> None:
        """`note`, where a full disk must not stop the run."""
        with contextlib.suppress(OSError):
            self.note(kind, **facts)

    def processes(self, identity: ProcessIdentity) -> None:
        """Keep a process that belongs to it."""
        self.note("process", pid=identity.pid, started=identity.started)

    def next_name(self, what: str) -> str:
        """A name for the files of one run of Terraform."""
        self._parts += 1
        return f"{self._parts:02d}-{what.replace(' ', '-')}"


@dataclass(frozen=True, slots=True)
class Ledger:
    """The ledger of a project: `ledger.jsonl` and a folder for each run."""

    folder: Path
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def path(self) -> Path:
        """The file of all runs."""
        return self.folder / "ledger.jsonl"

    @contextlib.contextmanager
    def run(self, command: str, environment: str, arguments: Sequence[str] = ()) -> Iterator[OpenRun]:
        """Note that a command begins; how the block ends is how the run ended."""
        now = self.clock()
        run_id = new_run_id(now)
        folder = self.folder / run_id
        folder.mkdir(parents=True, mode=0o700)
        opened = OpenRun(run_id, folder, self._append)
        prune(self.folder)
        opened.note(
            "started",
            schema=SCHEMA,
            command=command,
            environment=environment,
            arguments=without_secrets(arguments),
            user=getpass.getuser(),
            host=socket.gethostname(),
        )
        if me := identify(os.getpid()):
            opened.processes(me)
        try:
            yield opened
        except BaseException as error:
            code = getattr(error, "exit_code", 1)
            outcome = "failed" if isinstance(error, Exception) else "interrupted"
            if getattr(error, "code", "") == "declined":
                outcome = "declined"
            with contextlib.suppress(OSError):  # a full disk must not hide the failure
                opened.note("ended", outcome=outcome, exit_code=code, error=str(error))
            raise
        with contextlib.suppress(OSError):
            opened.note("ended", outcome="done", exit_code=0, error="")

    def recent(self) -> list[Run]:
        """The runs in the ledger's last 4 MiB, the oldest first: enough to know what things usually take."""
        return self.runs(_RECENT_BYTES)

    def runs(self, last_bytes: int | None = None) -> list[Run]:
        """All runs, the oldest first. Lines that cannot be read, or are of a newer schema, are left out."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for line in self._lines(last_bytes):
            found.setdefault(str(line.get("run", "")), []).append(line)
        return [run for lines in found.values() if (run := _run(lines)) is not None]

    def named(self, name: str) -> Run:
        """A run by its id, the beginning of it, or `@latest`. Raises NotFound."""
        runs = self.runs()
        if name == "@latest" and runs:
            return runs[-1]
        matching = [run for run in runs if run.id.startswith(name.upper())]
        if len(matching) != 1:
            problem = "is no run" if not matching else f"means {len(matching)} runs"
            raise NotFound(f"{name} {problem}.", hint="See: anomalyctl runs list")
        return matching[0]

    def _append(self, event: Mapping[str, Any]) -> None:
        line = json.dumps({"at": format_time(self.clock()), **event}, ensure_ascii=False, default=str)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(descriptor, line.encode() + b"\n")
        finally:
            os.close(descriptor)

    def _lines(self, last_bytes: int | None) -> Iterator[Mapping[str, Any]]:
        try:
            with self.path.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - last_bytes) if last_bytes else 0)
                text = file.read().decode("utf-8", "replace")
        except FileNotFoundError:
            return
        for line in text.splitlines():  # the first one may be a half: it is no JSON, then
            with contextlib.suppress(ValueError):
                body = json.loads(line)
                if isinstance(body, dict):
                    yield body


def without_secrets(arguments: Sequence[str]) -> list[str]:
    """A command line as it may be kept: the values of --var and of options that sound secret are gone."""
    kept: list[str] = []
    hide = False
    for argument in arguments:
        if hide:
            argument = f"{argument.partition('=')[0]}={SECRET}" if "=" in argument else SECRET
            hide = False
        elif argument in _SECRET_FLAGS:
            hide = True
        elif argument.startswith("--var="):
            argument = "--var=" + re.sub(
                r"=.*", f"={SECRET}", argument.removeprefix("--var="), flags=re.DOTALL
            )
        elif argument.startswith("--") and "=" in argument and _is_secret_flag(argument):
            argument = f"{argument.partition('=')[0]}={SECRET}"
        kept.append(argument)
    return kept


def _is_secret_flag(argument: str) -> bool:
    return sounds_secret(argument.partition("=")[0].lstrip("-").replace("-", "_"))


def _run(lines: Sequence[Mapping[str, Any]]) -> Run | None:
    first = next((line for line in lines if line.get("type") == "started"), None)
    if first is None or int(first.get("schema", SCHEMA)) > SCHEMA:
        return None
    last = next((line for line in lines if line.get("type") == "ended"), None)
    processes = tuple(
        ProcessIdentity(int(line["pid"]), float(line["started"]))
        for line in lines
        if line.get("type") == "process"
    )
    here = first.get("host") == socket.gethostname()
    if last is not None:
        outcome: Outcome = last.get("outcome", "done")
    else:
        outcome = "running" if not here or any(process.alive() for process in processes) else "died"
    return Run(
        id=str(first["run"]),
        command=str(first.get("command", "")),
        environment=str(first.get("environment", "")),
        arguments=tuple(first.get("arguments", ())),
        user=str(first.get("user", "")),
        host=str(first.get("host", "")),
        started_at=parse_time(str(first["at"])),
        ended_at=parse_time(str(last["at"])) if last else None,
        outcome=outcome,
        exit_code=last.get("exit_code") if last else None,
        error=str(last.get("error", "")) if last else "",
        processes=processes,
        events=tuple(line for line in lines if line.get("type") not in ("started", "ended", "process")),
    )
