"""What a change will do: which values only the apply will tell, and which changes force a replacement."""

from __future__ import annotations

from typing import Any

from tests.support.azurerm.schema import Block, attributes, nested
from tests.support.azurerm.values import UNKNOWN

Path = tuple[str | int, ...]


def planned(block: Block, proposed: dict[str, Any]) -> dict[str, Any]:
    """The proposed state with every computed value that is not there yet marked as unknown."""
    result = dict(proposed)
    for name, attribute in attributes(block).items():
        if attribute.get("write_only"):
            result[name] = None
        elif attribute.get("computed") and proposed.get(name) is None:
            result[name] = UNKNOWN
    for name, kind in nested(block).items():
        if name == "timeouts":
            continue
        value = proposed.get(name)
        if isinstance(value, dict):
            result[name] = planned(kind["block"], value)
        elif isinstance(value, list):
            result[name] = [
                planned(kind["block"], item) if isinstance(item, dict) else item for item in value
            ]
    return result


def replacing(block: Block, prior: dict[str, Any], after: dict[str, Any], fixed: list[str]) -> list[Path]:
    """The paths among the `fixed` attributes ("name", "block.attribute") whose value changes."""
    paths: list[Path] = []
    for dotted in fixed:
        _compare(block, prior, after, dotted.split("."), (), paths)
    return paths


def _compare(block: Block, prior: Any, after: Any, names: list[str], here: Path, paths: list[Path]) -> None:
    first, rest = names[0], names[1:]
    before = prior.get(first) if isinstance(prior, dict) else None
    now = after.get(first) if isinstance(after, dict) else None
    path = (*here, first)
    kind = nested(block).get(first)
    # An element of a set has no name to point at: the set as a whole is what changes.
    if not rest or kind is None or kind["nesting_mode"] == "set" or UNKNOWN in (before, now):
        if _differs(before, now):
            paths.append(path)
    elif isinstance(before, list) and isinstance(now, list):
        if len(before) != len(now):
            paths.append(path)
            return
        for index, (old, new) in enumerate(zip(before, now, strict=True)):
            _compare(kind["block"], old, new, rest, (*path, index), paths)
    else:
        _compare(kind["block"], before or {}, now or {}, rest, path, paths)


def _differs(before: Any, now: Any) -> bool:
    """Null and the empty value are one to the provider."""
    return (before or None) != (now or None)
