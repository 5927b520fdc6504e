"""Where an apply stands: each resource, its state, how long it takes and usually took. Pure: time is
given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from anomalyctl.provisioning.events import Diagnostic, Event, Planned, ResourceEvent, Summary

State = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class ResourceProgress:
    """One resource on its way."""

    address: str
    resource_type: str
    action: str
    state: State
    began: float | None = None
    """On the clock that is given, in seconds."""
    took_s: float | None = None
    usual_s: float | None = None
    resource_id: str = ""


@dataclass(slots=True)
class Progression:
    """Fed with events in order."""

    usual: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Seconds by address or type, and action."""
    resources: dict[str, ResourceProgress] = field(default_factory=dict)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    summary: Summary | None = None
    refreshed: int = 0
    drifted: int = 0
    """How many resources changed outside of Terraform."""

    @property
    def in_flight(self) -> tuple[ResourceProgress, ...]:
        """What has begun and not ended: after a violent end, what may exist without the state knowing."""
        return tuple(one for one in self.resources.values() if one.state == "running")

    @property
    def done(self) -> tuple[ResourceProgress, ...]:
        """What ended well."""
        return tuple(one for one in self.resources.values() if one.state == "done")

    @property
    def failed(self) -> tuple[ResourceProgress, ...]:
        """What ended badly."""
        return tuple(one for one in self.resources.values() if one.state == "failed")

    def take(self, event: Event, now: float) -> ResourceProgress | None:
        """Take one event; the resource whose state changed, if one did."""
        if isinstance(event, Diagnostic):
            self.diagnostics.append(event)
        elif isinstance(event, Summary):
            self.summary = event
        elif isinstance(event, Planned) and event.drift:
            self.drifted += 1
        elif isinstance(event, Planned) and event.action not in ("no-op", "read"):
            self._plan(event)
        elif isinstance(event, ResourceEvent):
            return self._move(event, now)
        return None

    def _plan(self, event: Planned) -> None:
        kind = event.address.rpartition("]")[0] or event.address
        words = event.address.split(".")
        kind = next((word for word in words if "_" in word and not word.startswith("module")), kind)
        self.resources.setdefault(
            event.address,
            ResourceProgress(event.address, kind, event.action, "waiting", usual_s=self._usual(event, kind)),
        )

    def _usual(self, event: Planned | ResourceEvent, kind: str) -> float | None:
        return self.usual.get((event.address, event.action), self.usual.get((kind, event.action)))

    def _move(self, event: ResourceEvent, now: float) -> ResourceProgress | None:
        if event.action in ("refresh", "read"):
            self.refreshed += event.phase == "complete"
            return None
        before = self.resources.get(event.address)
        present = ResourceProgress(
            event.address,
            event.resource_type,
            event.action,
            "running",
            began=now,
            usual_s=self._usual(event, event.resource_type),
        )
        if before is not None and before.state == "running" and before.action == event.action:
            present = replace(present, began=before.began)
        if event.phase in ("complete", "errored"):
            state: State = "done" if event.phase == "complete" else "failed"
            present = replace(present, state=state, took_s=event.elapsed_s, resource_id=event.resource_id)
        self.resources[event.address] = present
        return present if event.phase != "progress" else None
