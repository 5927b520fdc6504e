"""A part that is made while the others start, and joins them when it is ready."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from anomalyctl.local import control
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.part import Part, Probe, digest
from anomalyctl.local.secrets_file import LocalSecrets
from anomalyctl.local.state import SupervisorState
from anomalyctl.operations.progress import Progress


class LatePart(Protocol):
    """What the others do without: where it cannot be made, that is told and they run."""

    name: str

    def begin(self) -> None:
        """Start making it, unless it is there; must return at once."""

    def now(self, ports: Mapping[str, int], secrets: LocalSecrets) -> Part | None:
        """The part where nothing has to be made for it."""

    def wait(self, progress: Progress) -> bool:
        """Wait until it is made, telling how far it is; False where it cannot be made, which is told."""

    def failed(self, why: str, hint: str) -> None:
        """It was made and does not get well."""

    def cancel(self) -> None:
        """Stop making it and return when nothing of it goes on."""


def with_late(
    parts: tuple[Part, ...], late: LatePart, made: Part | None, folder: LocalFolder
) -> tuple[Part, ...]:
    """The parts to start with: an older one of the late part goes on until the new one is made."""
    if made is not None:
        return (*parts, made)
    planned = control.planned_parts(folder)
    older = tuple(part for part in planned if part.name == late.name)
    others = tuple(part for part in planned if part.name != late.name)
    # It knows the others by their addresses and secrets of then.
    return (*parts, *older) if _doors(others) == _doors(parts) else parts


def is_same_but(late: str, folder: LocalFolder, parts: tuple[Part, ...]) -> bool:
    """Whether what was planned last differs from `parts` by the late part at most."""
    planned = tuple(part for part in control.planned_parts(folder) if part.name != late)
    return digest(planned) == digest(tuple(part for part in parts if part.name != late))


def runs_what_was_planned(running: SupervisorState, folder: LocalFolder) -> bool:
    """Whether the plan on the disk is the running supervisor's."""
    return running.plan == digest(control.planned_parts(folder))


def _doors(parts: tuple[Part, ...]) -> list[tuple[str, Probe]]:
    return [(part.name, part.probe) for part in parts]
