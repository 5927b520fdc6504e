"""Terraform's machine-readable stream (`-json`), typed. Unknown kinds are kept by their message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from anomalyctl.errors import PreconditionFailed

_MAJOR: Final = "1"
"""Of the `ui` version. A minor one may add kinds and keys; another major one may mean anything."""

Phase = Literal["start", "progress", "complete", "errored"]


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """An error or a warning of Terraform's, as it wrote it."""

    severity: str
    summary: str
    detail: str = ""
    address: str = ""
    place: str = ""
    """File and line, where it concerns the configuration."""

    @property
    def text(self) -> str:
        """Summary and detail, for matching and for showing."""
        return f"{self.summary}\n{self.detail}".strip()


@dataclass(frozen=True, slots=True)
class ResourceEvent:
    """Something happened to one resource."""

    address: str
    action: str
    """create, update, delete, replace, read, refresh …"""
    phase: Phase
    elapsed_s: float = 0.0
    resource_type: str = ""
    resource_id: str = ""
    """What the provider calls it; told when it is complete."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A change that the plan holds, or that happened outside of Terraform (`drift`)."""

    address: str
    action: str
    drift: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """How many resources a plan will change, or an apply has changed."""

    operation: str
    add: int
    change: int
    remove: int
    imported: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """Anything else: outputs, logs, kinds that are newer than this program."""

    kind: str
    text: str


Event = Diagnostic | ResourceEvent | Planned | Summary | Message


def parse_event(line: str) -> Event:
    """One line of the stream. A line that is no JSON is a message. Raises PreconditionFailed for another
    major version of the format."""
    import orjson

    try:
        body = orjson.loads(line)
    except orjson.JSONDecodeError:
        return Message("text", line)
    if not isinstance(body, dict):
        return Message("text", line)
    kind = str(body.get("type", ""))
    if kind == "version":
        _check_version(str(body.get("ui", "")))
    return _event(kind, body) or Message(kind, str(body.get("@message", "")))


def _event(kind: str, body: Mapping[str, Any]) -> Event | None:
    if kind == "diagnostic":
        return diagnostic(body.get("diagnostic", {}))
    if kind in ("planned_change", "resource_drift"):
        change = body.get("change", {})
        address = change.get("resource", {}).get("addr", "")
        return Planned(str(address), str(change.get("action", "")), drift=kind == "resource_drift")
    if kind == "change_summary":
        changes = body.get("changes", {})
        return Summary(
            operation=str(changes.get("operation", "")),
            add=int(changes.get("add", 0)),
            change=int(changes.get("change", 0)),
            remove=int(changes.get("remove", 0)),
            imported=int(changes.get("import", 0)),
        )
    verb, _, phase = kind.rpartition("_")
    if verb in ("apply", "refresh") and phase in ("start", "progress", "complete", "errored"):
        hook = body.get("hook", {})
        resource = hook.get("resource", {})
        return ResourceEvent(
            address=str(resource.get("addr", "")),
            action=str(hook.get("action", verb)),
            phase=phase,  # type: ignore[arg-type]
            elapsed_s=float(hook.get("elapsed_seconds", 0.0)),
            resource_type=str(resource.get("resource_type", "")),
            resource_id=str(hook.get("id_value", "")) if hook.get("id_key") == "id" else "",
        )
    return None


def diagnostic(body: Mapping[str, Any]) -> Diagnostic:
    """A diagnostic as every `-json` of Terraform's writes it."""
    where = body.get("range") or {}
    line = (where.get("start") or {}).get("line")
    return Diagnostic(
        severity=str(body.get("severity", "error")),
        summary=str(body.get("summary", "")),
        detail=str(body.get("detail", "")),
        address=str(body.get("address", "")),
        place=f"{where['filename']}:{line}" if where.get("filename") else "",
    )


def diagnostics_in_text(text: str) -> list[Diagnostic]:
    """The errors in what a command without `-json` wrote: boxes, or lines that begin with `Error:`."""
    lines = [line.strip("\r").lstrip("│╷╵ ").rstrip() for line in text.splitlines()]
    found: list[list[str]] = []
    for line in lines:
        if line.startswith(("Error: ", "Warning: ")):
            found.append([line])
        elif found:
            found[-1].append(line)
    return [
        Diagnostic(
            severity="error" if first.startswith("Error") else "warning",
            summary=first.partition(": ")[2],
            detail="\n".join(rest).strip(),
        )
        for first, *rest in found
    ]


def _check_version(version: str) -> None:
    if version and version.partition(".")[0] != _MAJOR:
        raise PreconditionFailed(
            f"This Terraform writes its events in version {version}; this anomalyctl reads {_MAJOR}.x.",
            hint="Use Terraform 1.11 to 1.x, or a newer anomalyctl.",
        )
