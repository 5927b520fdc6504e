"""What azurerm checks in code: arguments that may not change, values that are allowed, what is deprecated."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.azurerm.schema import Block, attributes, elements, nested
from tests.support.azurerm.values import UNKNOWN

Steps = list[str | int]
_FIXED_EVERYWHERE = ["name", "location", "resource_group_name"]


@cache
def rules() -> dict[str, dict[str, Any]]:
    """What rules.json says of each resource type."""
    found: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("rules.json").read_text())
    return found


def fixed_attributes(type_name: str) -> list[str]:
    """The attributes of a type that cannot change in place, "block.attribute" where nested."""
    found: list[str] = rules().get(type_name, {}).get("fixed", _FIXED_EVERYWHERE)
    return found


def refusals(type_name: str, config: dict[str, Any]) -> Iterator[tuple[Steps, str]]:
    """Each value that is not among those which the documentation allows, with azurerm's sentence."""
    for dotted, allowed in rules().get(type_name, {}).get("allowed", {}).items():
        for path, value in _values(config, dotted.split("."), []):
            if value not in allowed:
                name = dotted.rpartition(".")[2]
                listed = ", ".join(f'"{one}"' for one in allowed)
                yield path, f"expected {name} to be one of [{listed}], got {value}"


def deprecated_in_use(block: Block, config: Any, path: Steps | None = None) -> Iterator[tuple[Steps, str]]:
    """Each argument that is set although the schema calls it deprecated."""
    here = path or []
    for name, attribute in attributes(block).items():
        if attribute.get("deprecated") and config.get(name) is not None:
            yield [*here, name], name
    for inner, item, step in _inside(block, config):
        yield from deprecated_in_use(inner, item, [*here, *step])


def missing(block: Block, config: Any, path: Steps | None = None) -> Iterator[tuple[Steps, str]]:
    """Each required argument that is null; Terraform itself sees only those that are not written at all."""
    here = path or []
    for name, attribute in attributes(block).items():
        if attribute.get("required") and config.get(name) is None:
            yield here, f'The argument "{name}" is required, but no definition was found.'
    for inner, item, step in _inside(block, config):
        yield from missing(inner, item, [*here, *step])


def _inside(block: Block, config: dict[str, Any]) -> Iterator[tuple[Block, dict[str, Any], Steps]]:
    """The nested blocks of a configuration, with the steps that lead to each."""
    for name, kind in nested(block).items():
        for index, item in enumerate(elements(config.get(name))):
            step: Steps = [name] if kind["nesting_mode"] in ("single", "set") else [name, index]
            yield kind["block"], item, step


def _values(config: Any, names: list[str], here: Steps) -> Iterator[tuple[Steps, Any]]:
    value = config.get(names[0]) if isinstance(config, dict) else None
    path = [*here, names[0]]
    if value is None or value is UNKNOWN:
        return
    if len(names) == 1:
        for item in value if isinstance(value, list) else [value]:
            if item is not None and item is not UNKNOWN:
                yield path, item
    elif isinstance(value, dict):
        yield from _values(value, names[1:], path)
    else:
        for index, item in enumerate(elements(value)):
            yield from _values(item, names[1:], [*path, index])
