"""What the supervisor tells the commands: one file, replaced as a whole at every change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from anomalyctl.local.disk import read_json, write_json
from anomalyctl.local.folder import LocalFolder
from anomalyctl.processes.identity import ProcessIdentity

Health = Literal["waiting", "starting", "healthy", "unwell", "backing-off"]


@dataclass(frozen=True, slots=True)
class PartState:
    """One part, as its supervisor sees it."""

    name: str
    title: str
    address: str
    health: Health
    detail: str
    """What is wrong, in one line; empty when nothing is."""
    restarts: int
    exits: int
    """How often it ended without having been asked to since it was last well."""
    started_at: str
    """When the running process was started; empty where none runs."""
    process: ProcessIdentity | None


@dataclass(frozen=True, slots=True)
class SupervisorState:
    """The supervisor and its parts."""

    process: ProcessIdentity
    since: str
    plan: str
    """The digest of the plan that it runs."""
    parts: tuple[PartState, ...]

    def part(self, name: str) -> PartState | None:
        """The part of that name."""
        return next((part for part in self.parts if part.name == name), None)

    @property
    def all_healthy(self) -> bool:
        """True when each part is well."""
        return all(part.health == "healthy" for part in self.parts)


def write_state(folder: LocalFolder, state: SupervisorState) -> None:
    """Replace the state file. Raises PreconditionFailed where the disk refuses."""
    write_json(folder.state, asdict(state))


def read_state(folder: LocalFolder) -> SupervisorState | None:
    """The last state that was written, by a supervisor that may be gone; None where there is none."""
    mapping = read_json(folder.state)
    if mapping is None:
        return None
    try:
        return SupervisorState(
            process=ProcessIdentity(**mapping["process"]),
            since=mapping["since"],
            plan=mapping["plan"],
            parts=tuple(_part(entry) for entry in mapping["parts"]),
        )
    except (KeyError, TypeError):  # written by another version
        return None


def _part(entry: Mapping[str, Any]) -> PartState:
    process = entry["process"]
    return PartState(**{**entry, "process": None if process is None else ProcessIdentity(**process)})
