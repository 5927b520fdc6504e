"""The provider's schema as the stand-in serves it: read from the extract, walked by others, put on the wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.azurerm.protocol import MESSAGES

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

    def message(self) -> Any:
        """Build the answer to GetProviderSchema."""
        answer = MESSAGES["SchemaAnswer"](
            provider=_schema(self.provider), server_capabilities={"get_provider_schema_optional": True}
        )
        for target, schemas in (
            (answer.resource_schemas, self.resources),
            (answer.data_source_schemas, self.data_sources),
            (answer.ephemeral_resource_schemas, self.ephemeral),
        ):
            for name, schema in schemas.items():
                target[name].CopyFrom(_schema(schema))
        for name, function in self.functions.items():
            answer.functions[name].CopyFrom(_function(function))
        return answer


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


def _schema(schema: dict[str, Any]) -> Any:
    return MESSAGES["Schema"](version=schema.get("version", 0), block=_block(schema["block"]))


def _block(block: Block) -> Any:
    message = MESSAGES["Block"]()
    for name, attribute in attributes(block).items():
        flags = {key: value for key, value in attribute.items() if key != "type"}
        message.attributes.add(name=name, type=json.dumps(attribute["type"]).encode(), **flags)
    for name, kind in nested(block).items():
        message.block_types.add(
            type_name=name,
            block=_block(kind["block"]),
            nesting=_NESTINGS[kind["nesting_mode"]],
            min_items=kind.get("min_items", 0),
            max_items=kind.get("max_items", 0),
        )
    return message


def _function(function: dict[str, Any]) -> Any:
    message = MESSAGES["Function"](summary=function.get("summary", ""))
    for parameter in function.get("parameters", []):
        message.parameters.add(name=parameter["name"], type=json.dumps(parameter["type"]).encode())
    getattr(message, "return").type = json.dumps(function["return_type"]).encode()
    return message
