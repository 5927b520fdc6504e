"""Copies of the state, taken before every change, for the owner alone."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from anomalyctl.errors import NotFound, PreconditionFailed
from anomalyctl.telemetry.times import parse_time

_KEPT: Final = 50
_NAME: Final = re.compile(r"(\d{8}T\d{6})(\d{6})Z-(\d+)\.tfstate")


@dataclass(frozen=True, slots=True)
class Backup:
    """One copy."""

    name: str
    taken_at: datetime
    serial: int
    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class Backups:
    """The copies of one environment's state."""

    folder: Path

    def keep(self, state: bytes, *, serial: int, now: datetime) -> Backup:
        """Write a copy, whole or not at all; the fifty newest stay. Raises PreconditionFailed where it
        cannot.
        """
        path = self.folder / f"{now:%Y%m%dT%H%M%S%f}Z-{serial}.tfstate"
        fresh = path.with_suffix(".new")
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(state)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
            raise PreconditionFailed(
                f"The state cannot be backed up to {self.folder}: {error.strerror}.",
                hint="Nothing was changed. Free some space, or make the folder writable.",
            ) from None
        for old in self.all()[:-_KEPT]:
            old.path.unlink(missing_ok=True)
        return _backup(path)

    def all(self) -> list[Backup]:
        """The oldest first."""
        paths = sorted(path for path in self.folder.glob("*.tfstate") if _NAME.fullmatch(path.name))
        return [_backup(path) for path in paths]

    def named(self, name: str) -> Backup:
        """A copy by its name, or `@latest`. Raises NotFound."""
        found = self.all()
        if name == "@latest" and found:
            return found[-1]
        for backup in found:
            if backup.name == name.removesuffix(".tfstate"):
                return backup
        raise NotFound(f"There is no backup {name}.", hint="See: anomalyctl state backup --list")


def _backup(path: Path) -> Backup:
    match = _NAME.fullmatch(path.name)
    assert match is not None  # noqa: S101 - the callers' names
    day, micros, serial = match.groups()
    return Backup(path.stem, parse_time(f"{day}.{micros}Z"), int(serial), path, path.stat().st_size)
