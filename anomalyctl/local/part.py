"""A part of the environment, as data: how it is started, known to be well, and stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Probe:
    """One question whose answer shows that a part does its work."""

    kind: Literal["redis", "http"]
    port: int
    path: str = "/"
    """http: what to GET; 200 is well."""
    secret: str = field(default="", repr=False)
    """redis: the password; http: a bearer token, or none."""
    timeout_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Part:
    """One supervised process."""

    name: str
    title: str
    argv: tuple[str, ...]
    probe: Probe
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """On top of what the supervisor itself has; secrets travel here, never in `argv`."""
    cwd: str | None = None
    after: tuple[str, ...] = ()
    """Parts that must be well before this one is started for the first time."""
    stop_s: float = 8.0
    """How long it may take to end when asked."""
    version: str = ""
    """Of its code or configuration: another one means that it has to be started again."""

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.probe.port}"


def parts_to_mapping(parts: Sequence[Part]) -> dict[str, Any]:
    """A JSON-able mapping; `parts_from_mapping` is its inverse."""
    return {"parts": [asdict(part) for part in parts]}


def parts_from_mapping(mapping: Mapping[str, Any]) -> tuple[Part, ...]:
    """The inverse of `parts_to_mapping`. Raises KeyError or TypeError for anything else."""
    return tuple(
        Part(
            **{
                **entry,
                "argv": tuple(entry["argv"]),
                "after": tuple(entry["after"]),
                "probe": Probe(**entry["probe"]),
            }
        )
        for entry in mapping["parts"]
    )


def digest(parts: Sequence[Part]) -> str:
    """The same for the same parts: tells whether a running supervisor runs what is wanted."""
    text = json.dumps(parts_to_mapping(parts), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
