"""The lock on a state: who holds it, since when, and whether that run still lives."""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from anomalyctl.provisioning.ledger import Run
from anomalyctl.telemetry.times import parse_time

_FIELD: Final = re.compile(r"^\s*(ID|Path|Operation|Who|Version|Created|Info):[ \t]*(.*?)\s*$", re.MULTILINE)
_NAMED_BY_SERVER: Final = re.compile(r"already locked:\s+ID=(\S+)")
_CREATED: Final = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,6})?\d*")
_SLACK: Final = timedelta(seconds=5)

Liveness = Literal["alive", "stale", "unknown"]


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock as Terraform tells it; what the backend does not tell is empty."""

    id: str
    who: str = ""
    operation: str = ""
    created: datetime | None = None
    version: str = ""
    metadata_missing: bool = False
    """The blob is leased and does not say by whom: a crash between the two."""

    @property
    def host(self) -> str:
        """The machine that took it."""
        return self.who.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock, and what this machine knows about its holder."""

    lock: Lock
    liveness: Liveness
    reason: str
    run: str = ""
    """The id of the run that took it, where it is in our ledger."""


def lock_in(text: str) -> Lock | None:
    """The lock that a failure of Terraform's tells of, or None where it is about something else."""
    metadata_missing = "terraformlockid" in text and "empty" in text
    if "state lock" not in text and "already locked" not in text and not metadata_missing:
        return None
    fields = dict(_FIELD.findall(text))
    if named := _NAMED_BY_SERVER.search(text):
        # The http backend tells the holder's id, and beside it what *this* attempt would have written.
        return Lock(id=named[1])
    return Lock(
        id=fields.get("ID", ""),
        who=fields.get("Who", ""),
        operation=fields.get("Operation", "").removeprefix("OperationType").lower(),
        created=_instant(fields.get("Created", "")),
        version=fields.get("Version", ""),
        metadata_missing=metadata_missing,
    )


def judge_lock(lock: Lock, environment: str, runs: Iterable[Run]) -> HeldLock:
    """Whether the lock's holder lives, from the ledger of this machine.

    Stale is said only of a run of ours whose processes are all gone; another machine's runs are unknown.
    """
    ours = [run for run in runs if run.environment == environment and run.host == socket.gethostname()]
    left = next((run for run in ours if lock.id and lock.id in _left_behind(run)), None)
    if left is not None and not left.alive:
        return HeldLock(lock, "stale", "the run that took it was killed and left it behind", left.id)
    if not lock.who:
        living = next((run for run in reversed(ours) if run.alive and run.outcome == "running"), None)
        if living is not None:
            return HeldLock(
                lock, "unknown", "the backend does not say who holds it, and a run is going on here"
            )
        return HeldLock(lock, "unknown", "the backend does not say who holds it")
    if lock.who != f"{getpass.getuser()}@{socket.gethostname()}":
        return HeldLock(lock, "unknown", f"it was taken on {lock.host or 'another machine'}")
    taken_by = [run for run in ours if lock.created is not None and _during(run, lock.created)]
    for run in taken_by:
        if run.alive:
            return HeldLock(lock, "alive", "its run is going on", run.id)
    if taken_by:
        return HeldLock(lock, "stale", "its run has ended, and no process of it is left", taken_by[-1].id)
    return HeldLock(lock, "unknown", "it was taken on this machine, but not by a run of anomalyctl")


def _left_behind(run: Run) -> list[str]:
    return [str(event.get("lock_id", "")) for event in run.events if event.get("type") == "lock_left"]


def _during(run: Run, created: datetime) -> bool:
    return run.started_at - _SLACK <= created and (run.ended_at is None or created <= run.ended_at + _SLACK)


def _instant(text: str) -> datetime | None:
    match = _CREATED.match(text)
    return parse_time(f"{match[1]}T{match[2]}{match[3] or ''}Z") if match else None
