"""What a state or a plan holds, as a price needs to see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Side = Literal["state", "before", "after"]


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its address, its type, and its attributes."""

    address: str
    type: str
    values: Mapping[str, Any]

    def at(self, path: str) -> Any:
        """An attribute, or one of a nested block (`backup.0.tier`); None where it is not there or unknown."""
        found: Any = self.values
        for part in path.split("."):
            if isinstance(found, Mapping):
                found = found.get(part)
            elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
                found = found[int(part)]
            else:
                return None
        return found


def resources_in(document: Mapping[str, Any], side: Side) -> tuple[Resource, ...]:
    """Resources of Terraform's JSON: of a state, or of a plan as it is before or after the apply."""
    if side == "state":
        values = document.get("values")
    elif side == "before":
        values = (document.get("prior_state") or {}).get("values")
    else:
        values = document.get("planned_values")
    return tuple(_walk((values or {}).get("root_module") or {}))


def _walk(module: Mapping[str, Any]) -> Iterator[Resource]:
    for one in module.get("resources") or ():
        if one.get("mode") == "managed":
            yield Resource(one["address"], one["type"], one.get("values") or {})
    for child in module.get("child_modules") or ():
        yield from _walk(child)
