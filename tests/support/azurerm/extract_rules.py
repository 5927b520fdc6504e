"""Writes rules.json: what the provider's documentation says of our types and its schema does not.

Run from the project's top, with a folder of the provider's documentation (`website/docs` of its repository):

    python -m tests.support.azurerm.extract_rules DOCS

For each type: "fixed", the arguments whose change forces a replacement, and "allowed", the values that are
listed as possible.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.azurerm.schema import Block, attributes, nested, provider_schema

TARGET = Path(__file__).with_name("rules.json")
# Where the documentation lists less than the provider takes: "UserAssignedIdentity" goes on with "=<id>".
_MISLEADING = {("azurerm_cosmosdb_account", "default_identity_type")}
_HEADING = re.compile(
    r"^(?:An?|The|Each|One or more) (.*?)`(\w+)` blocks?\b.*\b(?:supports?|contains?)\b", re.IGNORECASE
)
_WITHIN = re.compile(r"(?:in|inside|within|of|for)(?: the| an?)? `(\w+)`")
_ARGUMENT = re.compile(r"^[*-] `(\w+)` +- +\((?:Required|Optional)[^)]*\)(.*)$")
_FORCES = re.compile(r"Changing (?:this|the)(?: \w+){0,3} forces a|Changing this (?:will )?force")
_POSSIBLE = re.compile(
    r"[Pp]ossible values? (?:are|is|for this (?:field|property) are):? ?(?:either |one of )?"
    r"((?:`[^`]+`(?:,? and |,? or |, ?)?)+)(?=[.\s]|$)"
)
_ALSO = re.compile(r"^\s*\(|^ ?(?:to|through|inclusive|for|when|if)\b")


def rules_of(page: str, block: Block) -> dict[str, Any]:
    """Read one page: "fixed" and "allowed" by dotted path, of paths that the schema knows."""
    fixed: set[str] = set()
    allowed: dict[str, list[Any]] = {}
    prefixes = [""]
    for line in _arguments_part(page):
        if heading := _HEADING.match(line):
            prefixes = _places(block, heading[2], _WITHIN.findall(line))
        elif argument := _ARGUMENT.match(line):
            for path in (prefix + argument[1] for prefix in prefixes):
                kind = _kind_at(block, path.split("."))
                if kind is None:
                    continue
                if _FORCES.search(argument[2]):
                    fixed.add(path)
                if values := _possible(argument[2], kind):
                    allowed[path] = values
    # A block that is said to be fixed, and some of its arguments too, is fixed by those arguments.
    coarse = {path for path in fixed if any(other.startswith(f"{path}.") for other in fixed)}
    return {"fixed": sorted(fixed - coarse), "allowed": dict(sorted(allowed.items()))}


def main() -> None:
    """Read every page that there is for a type of ours, and write one type a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("docs", type=Path)
    folder = parser.parse_args().docs / "r"
    lines = []
    for name, schema in provider_schema().resources.items():
        page = next(folder.glob(f"{name.removeprefix('azurerm_')}.html.m*"), None)
        if page is None:
            parser.error(f"{folder} has no page for {name}")
        rules = rules_of(page.read_text(), schema["block"])
        rules["allowed"] = {at: one for at, one in rules["allowed"].items() if (name, at) not in _MISLEADING}
        lines.append(f"{json.dumps(name)}: {json.dumps(rules, separators=(',', ':'))}")
    TARGET.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{TARGET.name}: {len(lines)} types, {TARGET.stat().st_size // 1024} kB")


def _arguments_part(page: str) -> Iterator[str]:
    inside = False
    for line in page.splitlines():
        if line.startswith("## "):
            inside = "argument" in line.lower()
        elif inside:
            yield line.strip()


def _places(block: Block, name: str, within: list[str]) -> list[str]:
    """The prefixes under which blocks of that name stand; those inside a named parent where one is named."""
    found = list(_prefixes(block, name, ""))
    inside = [one for one in found if any(f"{parent}.{name}." in one for parent in within)]
    return inside or found


def _prefixes(block: Block, name: str, here: str) -> Iterator[str]:
    for inner, kind in nested(block).items():
        if inner == name:
            yield f"{here}{inner}."
        yield from _prefixes(kind["block"], name, f"{here}{inner}.")


def _kind_at(block: Block, names: list[str]) -> Any:
    """The type of the argument at a path, "block" for a nested block, None where there is none."""
    if len(names) == 1:
        attribute = attributes(block).get(names[0])
        return attribute["type"] if attribute else "block" if names[0] in nested(block) else None
    inner = nested(block).get(names[0])
    return _kind_at(inner["block"], names[1:]) if inner else None


def _possible(text: str, kind: Any) -> list[Any] | None:
    """The values that are listed; where there are lists for several cases, all of them."""
    found = list(_POSSIBLE.finditer(text))
    if not found or kind in ("bool", "block") or any(_ALSO.match(text[one.end(1) :]) for one in found):
        return None
    values = list(dict.fromkeys(value for one in found for value in re.findall(r"`([^`]+)`", one[1])))
    if kind == "number":
        return [int(one) for one in values] if all(one.lstrip("-").isdigit() for one in values) else None
    return [one.strip('"') for one in values] if len(values) > 1 else None


if __name__ == "__main__":
    main()
