"""Writes the extract of azurerm's schema that the stand-in serves: the types that terraform/ uses, no others.

Run from the project's top, with what `terraform providers schema -json` printed (plain or gzipped):

    python -m tests.support.azurerm.extract_schema schema.json.gz [--version 5.2.0]
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from pathlib import Path
from typing import Any

from tests.support.azurerm.lost_attributes import put_back
from tests.support.azurerm.schema import EXTRACT

PROVIDER = "registry.terraform.io/hashicorp/azurerm"
TERRAFORM = Path(__file__).parents[3] / "terraform"

_USES = re.compile(r'^\s*(resource|data|ephemeral)\s+"(azurerm_\w+)"', re.MULTILINE)
_SECTIONS = {
    "resource": "resource_schemas",
    "data": "data_source_schemas",
    "ephemeral": "ephemeral_resource_schemas",
}
_NOISE = {"description", "description_kind"}


def used_types(folder: Path = TERRAFORM) -> dict[str, set[str]]:
    """The azurerm types that a folder's HCL names, by section of the schema."""
    used: dict[str, set[str]] = {section: set() for section in _SECTIONS.values()}
    for file in sorted(folder.glob("*.tf")):
        for kind, name in _USES.findall(file.read_text()):
            used[_SECTIONS[kind]].add(name)
    return used


def extract(full: dict[str, Any], used: dict[str, set[str]], version: str) -> dict[str, Any]:
    """Cut the full schema down; a type that the provider does not know raises KeyError with its name."""
    schema = full["provider_schemas"][PROVIDER]
    cut: dict[str, Any] = {"provider_version": version, "provider": _without_noise(schema["provider"])}
    for section, names in used.items():
        cut[section] = {name: _without_noise(schema[section][name]) for name in sorted(names)}
    for name, content in cut["resource_schemas"].items():
        put_back(name, content)
    cut["functions"] = _without_noise(schema.get("functions", {}))
    return cut


def write(cut: dict[str, Any], target: Path = EXTRACT) -> None:
    """Write one type a line, so that a change of the provider reads as a change of its types."""
    sections = []
    for section, content in cut.items():
        if section.endswith("_schemas") and content:
            types = ",\n".join(f"{json.dumps(name)}: {_dense(schema)}" for name, schema in content.items())
            sections.append(f"{json.dumps(section)}: {{\n{types}\n}}")
        else:
            sections.append(f"{json.dumps(section)}: {_dense(content)}")
    target.write_text("{\n" + ",\n".join(sections) + "\n}\n")


def main() -> None:
    """Read the full schema, cut, write, and say what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("schema", type=Path)
    parser.add_argument("--version", help="the provider's version (default: read from the file's name)")
    parser.add_argument("--all", action="store_true", help="every type, for while the HCL is being written")
    arguments = parser.parse_args()
    raw = arguments.schema.read_bytes()
    full = json.loads(gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw)
    version = arguments.version or _version_in(arguments.schema.name)
    if version is None:
        parser.error("the file's name does not tell the provider's version: give --version")
    cut = extract(full, _everything(full) if arguments.all else used_types(), version)
    write(cut)
    counts = ", ".join(f"{len(cut[section])} {section}" for section in _SECTIONS.values())
    print(f"{EXTRACT.name}: azurerm {version}, {counts}, {EXTRACT.stat().st_size // 1024} kB")


def _everything(full: dict[str, Any]) -> dict[str, set[str]]:
    schema = full["provider_schemas"][PROVIDER]
    return {section: set(schema.get(section, {})) for section in _SECTIONS.values()}


def _without_noise(value: Any) -> Any:
    """Drop descriptions, but neither attributes nor members of object types that are called so."""
    if isinstance(value, list):
        return [_without_noise(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: item if key == "type" and not isinstance(item, dict) else _without_noise(item)
        for key, item in value.items()
        if key not in _NOISE or not isinstance(item, str)
    }


def _dense(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def _version_in(name: str) -> str | None:
    found = re.search(r"\d+\.\d+\.\d+", name)
    return found.group() if found else None


if __name__ == "__main__":
    main()
