"""What the stand-in knows, and the troubles that it was told to make."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

SUBSCRIPTION_ID = "44444444-4444-4444-8444-444444444444"
Document = dict[str, Any]


@dataclass
class Trouble:
    """An answer in place of the right one: for requests whose method and path match, so many times."""

    pattern: str
    status: int
    code: str
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "The stand-in was told to fail here."

    def strikes(self, method: str, path: str) -> bool:
        if self.times < 1 or not re.fullmatch(self.pattern, f"{method} {path}", re.IGNORECASE):
            return False
        self.times -= 1
        return True


@dataclass
class Paper:
    """Everything that the stand-in knows. Tests read it and write into it."""

    audience: str = ""
    resources: dict[str, Document] = field(default_factory=dict)
    """By id in lower case."""
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    """Method, path and body, in the order of arrival."""
    troubles: list[Trouble] = field(default_factory=list)
    taken_names: dict[str, str] = field(default_factory=dict)
    """Names in use in the world or reserved after a deletion, with Azure's word for the reason."""
    unregistered: set[str] = field(default_factory=set)
    denied: list[str] = field(default_factory=list)
    """Patterns of `METHOD path` that the principal may not."""
    collections: dict[str, tuple[str, list[Document]]] = field(default_factory=dict)
    """Path in lower case to the API version that it is asked with and what it lists."""
    questions: dict[str, tuple[str, Callable[[Document], Document]]] = field(default_factory=dict)
    """Path of a POST in lower case to its API version and its answer."""
    blobs: dict[str, dict[str, str]] = field(default_factory=dict)
    """`account/container/blob` to its headers."""
    put: Callable[[str], None] = lambda _path: None
    """Told of each resource that was put, so that another stand-in can follow."""
    polls: int = 2
    """How often a slow resource is not ready yet."""
    probes_before_role: int = 0
    """How many requests for blobs are refused before a role has arrived."""
    pending: dict[str, tuple[int, str]] = field(default_factory=dict)
    subscription_state: str = "Enabled"
    hooks: list[tuple[str, Callable[[], None]]] = field(default_factory=list)
    """Patterns of `METHOD path` and what happens in Azure after such a request was answered."""
    before: Callable[[], None] = lambda: None
    """Runs before each answer: what others did to this Azure meanwhile is written down there."""
    delay_s: float = 0.0
    """How long every answer takes."""
    at_once: int = 0
    most_at_once: int = 0
    correlation_ids: set[str] = field(default_factory=set)

    def writes(self) -> list[tuple[str, str]]:
        """What would have changed something."""
        return [(method, path) for method, path, _ in self.requests if method in ("PUT", "PATCH", "DELETE")]
