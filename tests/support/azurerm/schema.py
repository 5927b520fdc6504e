"""The provider's schema as the stand-in serves it: read from the extract, walked, and put on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.azurerm.protocol import Message

EXTRACT = Path(__file__).with_name("schema.json")
Block = dict[str, Any]
_NESTINGS = {"single": 1, "list": 2, "set": 3, "map": 4, "group": 5}


class ProviderSchema:
    """What the provider knows: its own block, resources, data sources, ephemeral resources, functions."""

    def __init__(self, extract: Path = EXTRACT) -> None:
        content = json.loads(extract.read_text())
        self.version: str = content["provider_version"]
        self.provider: dict[str, Any] = content["provider"]
        self.resources: dict[str, dict[str, Any]] = content["resource_schemas"]
        self.data_sources: dict[str, dict[str, Any]] = content["data_source_schemas"]
        self.ephemeral: dict[str, dict[str, Any]] = content["ephemeral_resource_schemas"]
        self.functions: dict[str, dict[str, Any]] = content["functions"]

    def message(self) -> Message:
        """Build the answer to GetProviderSchema."""
        return {
            "provider": _schema(self.provider),
            "resource_schemas": {name: _schema(schema) for name, schema in self.resources.items()},
            "data_source_schemas": {name: _schema(schema) for name, schema in self.data_sources.items()},
            "ephemeral_resource_schemas": {name: _schema(schema) for name, schema in self.ephemeral.items()},
            "functions": {name: _function(function) for name, function in self.functions.items()},
            "server_capabilities": {"get_provider_schema_optional": True},
        }


@cache
def provider_schema() -> ProviderSchema:
    """Read the extract once a process."""
    return ProviderSchema()


def attributes(block: Block) -> dict[str, dict[str, Any]]:
    """The attributes of a block by name."""
    found: dict[str, dict[str, Any]] = block.get("attributes", {})
    return found


def nested(block: Block) -> dict[str, dict[str, Any]]:
    """The nested blocks of a block by name."""
    found: dict[str, dict[str, Any]] = block.get("block_types", {})
    return found


def elements(value: Any) -> Iterator[dict[str, Any]]:
    """The objects that a nested block holds, however it nests."""
    if isinstance(value, dict):
        yield value
    elif isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _schema(schema: dict[str, Any]) -> Message:
    return {"version": schema.get("version", 0), "block": _block(schema["block"])}


def _block(block: Block) -> Message:
    return {
        "attributes": [
            attribute | {"name": name, "type": _type(attribute["type"])}
            for name, attribute in attributes(block).items()
        ],
        "block_types": [
            {
                "type_name": name,
                "block": _block(kind["block"]),
                "nesting": _NESTINGS[kind["nesting_mode"]],
                "min_items": kind.get("min_items"),
                "max_items": kind.get("max_items"),
            }
            for name, kind in nested(block).items()
        ],
    }


def _function(function: dict[str, Any]) -> Message:
    return {
        "parameters": [
            {"name": one["name"], "type": _type(one["type"])} for one in function.get("parameters", [])
        ],
        "return": {"type": _type(function["return_type"])},
        "summary": function.get("summary"),
    }


def _type(kind: Any) -> bytes:
    return json.dumps(kind).encode()
