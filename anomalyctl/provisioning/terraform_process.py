"""A run of Terraform as a process: supervised, its events told as they come, its failures read."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from anomalyctl.errors import AnomalyctlError
from anomalyctl.provisioning.arguments import FLAG, command_line
from anomalyctl.provisioning.binary import Binary
from anomalyctl.provisioning.events import (
    Diagnostic,
    Event,
    Planned,
    diagnostic,
    diagnostics_in_text,
    parse_event,
)
from anomalyctl.provisioning.failures import failure
from anomalyctl.provisioning.ledger import OpenRun
from anomalyctl.provisioning.supervision import Bounds, Ended, Listener, RunFiles, supervise
from anomalyctl.provisioning.surroundings import Surroundings

_READ_TIMEOUT_S: Final = 300.0
CHANGES: Final = 2
"""The exit code of `plan -detailed-exitcode` where there is something to do."""


@dataclass(slots=True)
class Watch:
    """Who is told while Terraform runs."""

    event: Callable[[Event], None] = lambda _event: None
    tick: Callable[[], None] = lambda: None
    notice: Callable[[str], None] = lambda _text: None


@dataclass(frozen=True, slots=True)
class Finished:
    """What a supervised command did."""

    command: str
    ended: Ended
    diagnostics: tuple[Diagnostic, ...]
    planned: tuple[Planned, ...] = ()
    """The changes that a plan announced."""
    text: str = ""
    """What a command without `-json` wrote to its standard output."""

    @property
    def ok(self) -> bool:
        """True for exit code 0."""
        return self.ended.exit_code == 0


@dataclass(slots=True)
class TerraformProcess:
    """One root module in one environment, for one run; what it is asked to do is the caller's."""

    binary: Binary
    folder: Path
    surroundings: Surroundings
    environment: str
    run: OpenRun
    watch: Watch = field(default_factory=Watch)
    bounds: Bounds = field(default_factory=Bounds)
    lock_timeout_s: int = 0

    def stream(self, command: str, *positional: str, **options: Any) -> Finished:
        """A command with `-json`: each event is told as it comes."""
        diagnostics: list[Diagnostic] = []
        planned: list[Planned] = []

        def take(line: str) -> None:
            event = parse_event(line)
            if isinstance(event, Diagnostic):
                diagnostics.append(event)
            elif isinstance(event, Planned):
                planned.append(event)
            self.watch.event(event)

        argv = command_line(command, *positional, json=FLAG, input=False, **options)
        ended, files = self._supervised(command, argv, take)
        if ended.exit_code not in (0, CHANGES) and not any(one.severity == "error" for one in diagnostics):
            diagnostics += diagnostics_in_text(_text(files.errors))
        return Finished(command, ended, tuple(diagnostics), tuple(planned))

    def change(self, command: str, *positional: str, **options: Any) -> Finished:
        """A command that changes something and has no `-json`."""
        lines: list[str] = []
        ended, files = self._supervised(command, command_line(command, *positional, **options), lines.append)
        text = "\n".join(lines)
        errors = _text(files.errors)
        found = diagnostics_in_text(errors) or diagnostics_in_text(text)
        if ended.exit_code and not found:
            found = [Diagnostic("error", (errors.strip() or text.strip() or "it said nothing"))]
        return Finished(command, ended, tuple(found), text=text)

    def _supervised(
        self, command: str, arguments: list[str], line: Callable[[str], None]
    ) -> tuple[Ended, RunFiles]:
        files = RunFiles.at(self.run.folder, self.run.next_name(command))
        began = time.monotonic()
        self.run.note("terraform", command=command, arguments=arguments, log=files.events.name)
        ended = supervise(
            [str(self.binary.path), *arguments],
            environment=self.surroundings.variables,
            folder=self.folder,
            files=files,
            listener=Listener(line, self.watch.tick, self.watch.notice, self.run.processes),
            bounds=self.bounds,
        )
        self.run.note_safely(
            "terraform_ended",
            command=command,
            exit_code=ended.exit_code,
            interrupts=ended.interrupts,
            took_s=round(time.monotonic() - began, 3),
        )
        return ended, files

    def document(
        self, command: str, *positional: str, accept: tuple[int, ...] = (0,), **options: Any
    ) -> dict[str, Any]:
        """The JSON that `read` gets."""
        import orjson

        text = self.read(command, *positional, accept=accept, **options)
        document: dict[str, Any] = orjson.loads(text)
        return document

    def read(self, command: str, *positional: str, accept: tuple[int, ...] = (0,), **options: Any) -> bytes:
        """What a command that changes nothing and takes no lock writes. Its secrets touch no named file."""
        argv = [str(self.binary.path), *command_line(command, *positional, **options)]
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=dict(self.surroundings.variables),
                cwd=self.folder,
                start_new_session=True,
                check=False,
                timeout=_READ_TIMEOUT_S,
            )
            out.seek(0)
            err.seek(0)
            text = out.read()
            if done.returncode in accept:
                return text
            errors = err.read().decode("utf-8", "replace")
            raise self._failed(command, text.decode("utf-8", "replace"), errors, done.returncode)

    def _failed(self, command: str, text: str, errors: str, code: int) -> AnomalyctlError:
        found = diagnostics_in_text(errors) or diagnostics_in_text(text)
        if not found and text.lstrip().startswith("{"):
            try:
                found = [diagnostic(one) for one in json.loads(text).get("diagnostics", ())]
            except ValueError:
                found = []
        if not found and errors.strip():
            found = [Diagnostic("error", errors.strip())]
        return failure(command, found, environment=self.environment, exit_code=code)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
