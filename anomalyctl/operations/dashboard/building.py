"""A build of the dashboard: made in a copy, kept by the digest of its sources, switched to as a whole."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from anomalyctl.errors import Locked, PreconditionFailed
from anomalyctl.local.disk import explained, make_private_folder, require_room, write_json
from anomalyctl.local.locks import held
from anomalyctl.local.surroundings import child_environment
from anomalyctl.operations.dashboard.build_failures import BuildFailed, registry_silent, why_it_failed
from anomalyctl.operations.dashboard.node import Node
from anomalyctl.operations.dashboard.sources import copy_sources, sources_digest
from anomalyctl.processes.child import start_child

ROOM_NEEDED: Final = 900 * 2**20
"""Bytes: the packages take 420 MB, what Next.js makes of them 150 MB, twice for a moment."""
_KEPT: Final = 2
"""Builds: the newest, and the one that may still run."""
_STEP_LIMIT_S: Final = 900.0
_SILENCE_LIMIT_S: Final = 180.0
"""npm tells of each package that it fetches, and nothing where its registry never answers."""
_LOOK_S: Final = 0.1
_NPM_CI: Final = (
    "ci",
    "--ignore-scripts",  # no package of ours needs one, and none may run code at installation
    "--include=dev",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--loglevel=http",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=500",
    "--fetch-retry-maxtimeout=3000",
)


@dataclass(frozen=True, slots=True)
class Build:
    """A finished build: `node server.js` in `folder` serves it."""

    folder: Path
    digest: str
    node: Node

    @property
    def server(self) -> Path:
        """What Node runs."""
        return self.folder / "server.js"


class Builder:
    """Builds the sources in `source` for one Node; keeps the builds in `home`, writes to `log`."""

    def __init__(self, source: Path, home: Path, log: Path, node: Node, environ: Mapping[str, str]) -> None:
        self._source = source
        self._home = home
        self._log = log
        self._node = node
        self._environ = environ
        self.digest = sources_digest(source, node.version)
        self.stage = "waiting"
        """What it is at, in words, for whoever waits."""

    def kept(self) -> Build | None:
        """The build of exactly these sources, where it was made before."""
        folder = self._home / "builds" / self.digest
        return self._build(folder) if (folder / "server.js").is_file() else None

    def build(self, cancelled: threading.Event) -> Build:
        """The kept build, else a new one; half a build is never left.

        Raises BuildFailed with the reason and the log's path, Locked where another command builds, and
        PreconditionFailed where the disk is full or `cancelled` was set.
        """
        kept = self.kept()
        if kept is not None:
            return kept
        make_private_folder(self._home)
        make_private_folder(self._home / "builds")
        with self._alone(cancelled):
            kept = self.kept()  # made by the one that we waited for
            if kept is not None:
                return kept
            require_room(self._home, ROOM_NEEDED)
            self._log.parent.mkdir(parents=True, exist_ok=True)
            self._log.unlink(missing_ok=True)
            for killed in self._home.glob("working*"):
                shutil.rmtree(killed, ignore_errors=True)
            # A name of its own: what a killed command started may go on writing into the folder of then.
            working = self._home / f"working-{secrets.token_hex(4)}"
            try:
                made = self._make(working, cancelled)
                self._forget_old_builds(made)
                return self._build(made)
            finally:
                shutil.rmtree(working, ignore_errors=True)

    def _make(self, working: Path, cancelled: threading.Event) -> Path:
        with explained(working):
            copy_sources(self._source, working)
            # They may have changed since, while another build was waited for.
            self.digest = sources_digest(working, self._node.version)
        self._run("installing its packages", _NPM_CI, working, cancelled, _SILENCE_LIMIT_S)
        self._run("compiling", ("run", "build"), working, cancelled)
        standalone = working / ".next" / "standalone"
        if not (standalone / "server.js").is_file():
            raise BuildFailed("it made no .next/standalone/server.js", self._log)
        with explained(working):
            for made, place in (
                (working / ".next" / "static", ".next/static"),
                (working / "public", "public"),
            ):
                if made.is_dir():
                    shutil.copytree(made, standalone / place, dirs_exist_ok=True)
            write_json(standalone / "build.json", {"digest": self.digest, "node": self._node.version})
            final = self._home / "builds" / self.digest
            shutil.rmtree(final, ignore_errors=True)  # without a server.js: no build
            standalone.rename(final)
        return final

    def _run(
        self,
        stage: str,
        arguments: tuple[str, ...],
        working: Path,
        cancelled: threading.Event,
        silence_limit_s: float = _STEP_LIMIT_S,
    ) -> None:
        self.stage = stage
        child = start_child(
            (self._node.npm, *arguments), output=self._log, env=self._build_environment(), cwd=working
        )
        began = heard = time.monotonic()
        written = 0
        try:
            while (code := child.wait(_LOOK_S)) is None:
                if cancelled.is_set():
                    raise PreconditionFailed("The build of the dashboard was broken off.")
                now, length = time.monotonic(), _length(self._log)
                if length != written:
                    written, heard = length, now
                if now - began >= _STEP_LIMIT_S:
                    raise BuildFailed(f"{stage} took longer than {_STEP_LIMIT_S / 60:.0f} minutes", self._log)
                if now - heard >= silence_limit_s:
                    raise registry_silent(silence_limit_s, self._log)
        finally:
            child.stop(grace_s=2.0)  # also whatever it left running
        if code:
            raise why_it_failed(stage, code, self._log)

    def _build_environment(self) -> dict[str, str]:
        npm = {
            name: value
            for name, value in self._environ.items()
            if name.lower().startswith("npm_config_") or name == "NODE_EXTRA_CA_CERTS"
        }
        node = str(Path(self._node.node).parent)
        kept = child_environment(self._environ)
        return {
            **kept,
            **npm,
            "PATH": f"{node}{os.pathsep}{kept.get('PATH', '')}",  # npm starts the Node that we found
            "CI": "1",
            "NEXT_TELEMETRY_DISABLED": "1",
            "npm_config_update_notifier": "false",
        }

    @contextlib.contextmanager
    def _alone(self, cancelled: threading.Event) -> Iterator[None]:
        lock = self._home / "build.lock"
        deadline = time.monotonic() + _STEP_LIMIT_S
        while True:
            with contextlib.ExitStack() as stack:
                try:
                    stack.enter_context(held(lock, what="dashboard build", now=datetime.now(UTC)))
                except Locked:
                    self.stage = "waiting for another command that builds it"
                    if cancelled.wait(0.5):
                        raise PreconditionFailed("The build of the dashboard was broken off.") from None
                    if time.monotonic() >= deadline:
                        raise
                    continue
                yield
                return

    def _forget_old_builds(self, newest: Path) -> None:
        builds = sorted(
            (path for path in newest.parent.iterdir() if path != newest),
            key=lambda path: path.stat().st_mtime,
            reverse=True,
        )
        for path in builds[_KEPT - 1 :]:
            shutil.rmtree(path, ignore_errors=True)

    def _build(self, folder: Path) -> Build:
        return Build(folder=folder, digest=self.digest, node=self._node)


def _length(log: Path) -> int:
    try:
        return log.stat().st_size
    except OSError:
        return 0
