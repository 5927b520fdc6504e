"""Terraform, a method a sub-command. What changes something, or takes the lock, runs under supervision."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
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
class Terraform:
    """One root module in one environment, for one run."""

    binary: Binary
    folder: Path
    surroundings: Surroundings
    environment: str
    run: OpenRun
    watch: Watch = field(default_factory=Watch)
    bounds: Bounds = field(default_factory=Bounds)
    lock_timeout_s: int = 0

    def init(
        self, *, backend_files: Sequence[Path] = (), upgrade: bool = False, migrate: bool = False
    ) -> Finished:
        """Install providers and modules, and configure the backend anew, or migrate its state to the new
        one.
        """
        return self._stream(
            "init",
            upgrade=True if upgrade else None,
            reconfigure=None if migrate else FLAG,
            migrate_state=FLAG if migrate else None,
            force_copy=FLAG if migrate else None,
            backend_config=[str(file) for file in backend_files],
        )

    def validate(self) -> dict[str, Any]:
        """The document of `validate -json`, whether valid or not."""
        return self._document("validate", json=FLAG, accept=(0, 1))

    def plan(
        self,
        out: Path,
        *,
        variable_files: Sequence[Path] = (),
        targets: Sequence[str] = (),
        replace: Sequence[str] = (),
        destroy: bool = False,
        refresh_only: bool = False,
    ) -> Finished:
        """Write a plan. Exit code 0 nothing to do, 2 something, 1 failed."""
        return self._stream(
            "plan",
            detailed_exitcode=FLAG,
            out=str(out),
            lock_timeout=self._lock_timeout,
            destroy=FLAG if destroy else None,
            refresh_only=FLAG if refresh_only else None,
            target=list(targets),
            replace=list(replace),
            var_file=[str(file) for file in variable_files],
        )

    def apply(self, plan: Path) -> Finished:
        """Apply a plan, that one and no other."""
        return self._stream("apply", str(plan), lock_timeout=self._lock_timeout)

    def show_plan(self, plan: Path) -> dict[str, Any]:
        """The document of `show -json` for a plan. It holds secrets: keep it in memory."""
        return self._document("show", str(plan), json=FLAG)

    def outputs(self) -> dict[str, Any]:
        """The document of `output -json`. It holds secrets."""
        return self._document("output", json=FLAG)

    def pull_state(self) -> bytes:
        """The state as it is; nothing where there is none. It holds secrets."""
        return self._read("state pull")

    def push_state(self, state: Path, *, force: bool = False) -> Finished:
        """Write a state over the present one."""
        return self._change(
            "state push", str(state), lock_timeout=self._lock_timeout, force=FLAG if force else None
        )

    def list_state(self, *addresses: str) -> tuple[str, ...]:
        """The addresses in the state."""
        return tuple(self._read("state list", *addresses).decode().splitlines())

    def show_state(self) -> dict[str, Any]:
        """The document of `show -json` for the state. It holds secrets."""
        return self._document("show", json=FLAG)

    def move(self, source: str, target: str) -> Finished:
        """Give a resource another address in the state."""
        return self._change("state mv", source, target, lock_timeout=self._lock_timeout)

    def remove(self, *addresses: str) -> Finished:
        """Forget resources: they go on existing."""
        return self._change("state rm", *addresses, lock_timeout=self._lock_timeout)

    def import_resource(
        self, address: str, resource_id: str, *, variable_files: Sequence[Path] = ()
    ) -> Finished:
        """Take an existing resource into the state."""
        return self._change(
            "import",
            address,
            resource_id,
            input=False,
            no_color=FLAG,
            lock_timeout=self._lock_timeout,
            var_file=[str(file) for file in variable_files],
        )

    def workspaces(self) -> tuple[str, ...]:
        """Their names."""
        lines = self._read("workspace list").decode().splitlines()
        return tuple(name for line in lines if (name := line.strip().removeprefix("*").strip()))

    def select_workspace(self, name: str) -> Finished:
        """Make an existing workspace the one that everything below works on."""
        return self._change("workspace select", name)

    def new_workspace(self, name: str) -> Finished:
        """Make a workspace, and select it."""
        return self._change("workspace new", name, lock_timeout=self._lock_timeout)

    def delete_workspace(self, name: str) -> Finished:
        """Delete a workspace that holds nothing."""
        return self._change("workspace delete", name, lock_timeout=self._lock_timeout)

    def force_unlock(self, lock_id: str) -> Finished:
        """Release a lock, whoever holds it."""
        return self._change("force-unlock", lock_id, force=FLAG)

    def probe_lock(self) -> str:
        """What Terraform says when it cannot take the lock now, or nothing. Changes nothing.

        Marking a resource that does not exist as tainted takes the lock, finds nothing and releases it.
        """
        finished = self._change(
            "taint",
            "terraform_data.anomalyctl_lock_probe",
            allow_missing=FLAG,
            lock_timeout="0s",
            no_color=FLAG,
        )
        return "" if finished.ok else "\n".join(one.text for one in finished.diagnostics)

    @property
    def _lock_timeout(self) -> str:
        return f"{self.lock_timeout_s}s"

    def _stream(self, command: str, *positional: str, **options: Any) -> Finished:
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

    def _change(self, command: str, *positional: str, **options: Any) -> Finished:
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

    def _document(
        self, command: str, *positional: str, accept: tuple[int, ...] = (0,), **options: Any
    ) -> dict[str, Any]:
        import orjson

        text = self._read(command, *positional, accept=accept, **options)
        document: dict[str, Any] = orjson.loads(text)
        return document

    def _read(self, command: str, *positional: str, accept: tuple[int, ...] = (0,), **options: Any) -> bytes:
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
