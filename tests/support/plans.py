"""Reads plans as `terraform show -json` tells them: what would stand there, and which of it is secret."""

from __future__ import annotations

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

    def block(self, *names: str) -> dict[str, Any]:
        """The first nested block at a path of names; empty where there is none."""
        here = self.values
        for name in names:
            here = (here.get(name) or [{}])[0]
        return here


def planned(plan: dict[str, Any], *types: str) -> list[Planned]:
    """The resources of these types (all where none is named) that the plan would leave standing."""
    unknown = {change["address"]: change["change"]["after_unknown"] for change in plan["resource_changes"]}
    return [
        Planned(
            one["address"], one["type"], one["values"], one["sensitive_values"], unknown[one["address"]] or {}
        )
        for one in plan["planned_values"]["root_module"].get("resources", [])
        if one["mode"] == "managed" and (not types or one["type"] in types)
    ]


def holds_secret(marks: Any) -> bool:
    """Say whether anything under a mark of `sensitive_values` is secret."""
    if isinstance(marks, dict):
        return any(holds_secret(one) for one in marks.values())
    return any(holds_secret(one) for one in marks) if isinstance(marks, list) else marks is True
