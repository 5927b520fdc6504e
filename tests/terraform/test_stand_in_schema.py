"""What the stand-in serves is what terraform/ uses: nothing is missing, nothing is kept that nobody needs."""

from __future__ import annotations

import string
from typing import Any

from tests.support.azurerm.extract_schema import PROVIDER, extract, used_types
from tests.support.azurerm.inventing import knowledge
from tests.support.azurerm.rules import rules
from tests.support.azurerm.schema import attributes, provider_schema


def test_the_extract_covers_what_the_hcl_uses_and_holds_nothing_else() -> None:
    schema = provider_schema()
    assert used_types() == {
        "resource_schemas": set(schema.resources),
        "data_source_schemas": set(schema.data_sources),
        "ephemeral_resource_schemas": set(schema.ephemeral),
    }, "tests/support/azurerm/schema.json is out of date: see extract_schema.py"


def test_the_rules_are_those_of_the_types_in_the_extract() -> None:
    assert set(rules()) == set(provider_schema().resources), "rules.json is out of date: see extract_rules.py"


def test_what_is_known_of_a_type_names_attributes_that_it_has() -> None:
    schema = provider_schema()
    known = {"group", "subscription", "tenant", "guid", "hash"}
    for name, facts in knowledge().items():
        block = (schema.resources.get(name) or schema.data_sources.get(name, {})).get("block")
        assert block, f"knowledge.toml knows {name}, which terraform/ does not use"
        for attribute, template in facts.items():
            assert _fields(template) <= known | set(attributes(block)), f"{name}: {attribute}"


def test_every_resource_type_has_an_id_of_its_own_form() -> None:
    assert set(provider_schema().resources) <= {name for name, facts in knowledge().items() if "id" in facts}


def test_extracting_drops_descriptions_and_keeps_the_flags() -> None:
    attribute = {"type": "string", "required": True, "description": "Its name.", "description_kind": "plain"}
    described = {"description": attribute | {"type": ["list", ["object", {"description": "string"}]]}}
    schema = {"version": 1, "block": {"attributes": {"name": attribute} | described, "description": "It."}}
    full = {"provider_schemas": {PROVIDER: {"provider": schema, "resource_schemas": {"azurerm_x": schema}}}}
    cut = extract(full, {"resource_schemas": {"azurerm_x"}}, "9.9.9")
    assert cut["resource_schemas"]["azurerm_x"] == {
        "version": 1,
        "block": {
            "attributes": {
                "name": {"type": "string", "required": True},
                "description": {"type": ["list", ["object", {"description": "string"}]], "required": True},
            }
        },
    }


def _fields(template: Any) -> set[str]:
    parts = template if isinstance(template, list) else [template]
    return {
        field
        for part in parts
        if isinstance(part, str)
        for _, field, _, _ in string.Formatter().parse(part)
        if field
    }
