"""Reads plans as `terraform show -json` tells them: what would stand there, and which of it is secret."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Planned:
    """One resource as the plan would leave it; what only the apply will tell is not in `values`."""

    address: str
    type: str
    values: dict[str, Any]
    secret: dict[str, Any]
    unknown: dict[str, Any]

    def block(self, name: str) -> dict[str, Any]:
        """Its first nested block of that name; empty where there is none."""
        found = self.values.get(name) or [{}]
        first: dict[str, Any] = found[0]
        return first

    def is_secret(self, *path: str | int) -> bool:
        """Say whether the value at a path is marked as sensitive."""
        here: Any = self.secret
        for step in path:
            if here is True:
                return True
            if isinstance(here, list) and isinstance(step, int) and step < len(here):
                here = here[step]
            else:
                here = here.get(step) if isinstance(here, dict) else None
        return here is True


def planned(plan: dict[str, Any], *types: str) -> list[Planned]:
    """The resources of these types (all where none is named) that the plan would leave standing."""
    return [one for one in _all(plan) if not types or one.type in types]


def _all(plan: dict[str, Any]) -> Iterator[Planned]:
    unknown = {change["address"]: change["change"]["after_unknown"] for change in plan["resource_changes"]}
    for one in plan["planned_values"]["root_module"].get("resources", []):
        if one["mode"] == "managed":
            yield Planned(
                one["address"], one["type"], one["values"], one["sensitive_values"], unknown[one["address"]] or {}
            )
