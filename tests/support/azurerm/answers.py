"""What the stand-in answers to Terraform: one method a question, named as in the protocol."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from tests.support.azurerm import rules
from tests.support.azurerm.cloud import Cloud
from tests.support.azurerm.inventing import fill
from tests.support.azurerm.lifecycle import Lifecycle, Refused
from tests.support.azurerm.planning import planned, replacing
from tests.support.azurerm.protocol import Message
from tests.support.azurerm.schema import Block, attributes, elements, nested, provider_schema
from tests.support.azurerm.troubles import Troubles
from tests.support.azurerm.values import UNKNOWN, decode, encode

_ERROR = 1
_WARNING = 2


class Answers:
    """Takes a request's message and gives the response's; what goes wrong is told in its diagnostics."""

    def __init__(self, folder: Path) -> None:
        self._cloud = Cloud(folder)
        self._given = folder / "given.json"
        self._life = Lifecycle(self._cloud, Troubles(folder))
        self._schema = provider_schema()
        self._subscription = "00000000-0000-0000-0000-000000000000"

    def get_provider_schema(self, question: Message) -> Message:
        return self._schema.message()

    def validate_provider_config(self, question: Message) -> Message:
        return {}

    def configure_provider(self, question: Message) -> Message:
        config = decode(question["config"])
        for features in elements(config.get("features")):
            self._life.persists_early = (
                features.get("persist_id_on_create_before_polling_for_completion") is True
            )
        given = config.get("subscription_id") or os.environ.get("ARM_SUBSCRIPTION_ID")
        if not given:
            return {
                "diagnostics": [
                    _error(
                        "`subscription_id` is a required provider property when performing a "
                        "plan/apply operation"
                    )
                ]
            }
        if given is not UNKNOWN:
            self._subscription = str(given)
        return {}

    def validate_resource_config(self, question: Message) -> Message:
        return _validated(self._schema.resources, question)

    def validate_data_resource_config(self, question: Message) -> Message:
        return _validated(self._schema.data_sources, question)

    def validate_ephemeral_resource_config(self, question: Message) -> Message:
        return _validated(self._schema.ephemeral, question)

    def upgrade_resource_state(self, question: Message) -> Message:
        state = json.loads(question["raw_state"]["json"])
        return {"upgraded_state": encode(conform(self._resource(question), state))}

    def read_resource(self, question: Message) -> Message:
        current = decode(question["current_state"])
        try:
            state = self._life.read(question["type_name"], str(current["id"]))
        except Refused as refused:
            return {"new_state": encode(refused.kept), "diagnostics": [_error(str(refused))]}
        return {"new_state": encode(state), "private": question["private"]}

    def plan_resource_change(self, question: Message) -> Message:
        prior, proposed = decode(question["prior_state"]), decode(question["proposed_new_state"])
        answer: Message = {"planned_private": question["prior_private"], "legacy_type_system": True}
        if proposed is None:
            return answer | {"planned_state": encode(None)}
        block = self._resource(question)
        after = planned(block, proposed)
        if prior is not None:
            paths = replacing(block, prior, after, rules.fixed_attributes(question["type_name"]))
            answer["requires_replace"] = [_path(path) for path in paths]
        return answer | {"planned_state": encode(after)}

    def apply_resource_change(self, question: Message) -> Message:
        prior, after = decode(question["prior_state"]), decode(question["planned_state"])
        answer: Message = {"private": question["planned_private"], "legacy_type_system": True}
        try:
            state = self._applied(question["type_name"], prior, after)
        except Refused as refused:
            return answer | {"new_state": encode(refused.kept), "diagnostics": [_error(str(refused))]}
        return answer | {"new_state": encode(state)}

    def import_resource_state(self, question: Message) -> Message:
        found = self._cloud.find(question["type_name"], question["id"])
        state = found.state if found else conform(self._resource(question), {"id": question["id"]})
        return {"imported_resources": [{"type_name": question["type_name"], "state": encode(state)}]}

    def read_data_source(self, question: Message) -> Message:
        return {"state": encode(self._look_up(self._schema.data_sources, question))}

    def open_ephemeral_resource(self, question: Message) -> Message:
        return {"result": encode(self._look_up(self._schema.ephemeral, question))}

    def close_ephemeral_resource(self, question: Message) -> Message:
        return {}

    def get_functions(self, question: Message) -> Message:
        return {"functions": self._schema.message()["functions"]}

    def call_function(self, question: Message) -> Message:
        return {"error": {"text": f"{question['name']} is not offered by the stand-in provider"}}

    def stop_provider(self, question: Message) -> Message:
        self._life.stopped.set()
        return {}

    def _resource(self, question: Message) -> Block:
        block: Block = self._schema.resources[question["type_name"]]["block"]
        return block

    def _applied(self, type_name: str, prior: Any, after: Any) -> dict[str, Any] | None:
        if after is None:
            self._life.delete(type_name, prior)
            return None
        state = fill(
            type_name, self._schema.resources[type_name]["block"], after, self._subscription, self._told()
        )
        if prior is None:
            return self._life.create(type_name, state)
        return self._life.update(type_name, prior, state)

    def _look_up(self, schemas: dict[str, dict[str, Any]], question: Message) -> dict[str, Any]:
        """What Terraform made is found; what a team brings of its own is taken to exist."""
        type_name, config = question["type_name"], decode(question["config"])
        block = schemas[type_name]["block"]
        asked = {key: value for key, value in config.items() if isinstance(value, str)}
        known = {}
        for one in self._cloud.resources(type_name):
            if all(one.state.get(key) == value for key, value in asked.items()):
                known = {key: one.state.get(key) for key in attributes(block) if config.get(key) is None}
        return fill(type_name, block, config | known, self._subscription, self._told())

    def _told(self) -> dict[str, dict[str, Any]]:
        """What a test said that Azure computes, by type and attribute."""
        found: dict[str, dict[str, Any]] = json.loads(self._given.read_text()) if self._given.exists() else {}
        return found


def _validated(schemas: dict[str, dict[str, Any]], question: Message) -> Message:
    config = decode(question["config"])
    block = schemas[question["type_name"]]["block"]
    warnings = [
        _error("Argument is deprecated", f"{name} is deprecated in azurerm.", path, _WARNING)
        for path, name in rules.deprecated_in_use(block, config)
    ]
    errors = [_error(text, "", path) for path, text in rules.refusals(question["type_name"], config)]
    absent = [_error("Missing required argument", text, path) for path, text in rules.missing(block, config)]
    return {"diagnostics": warnings + errors + absent}


def _error(
    summary: str, detail: str = "", path: rules.Steps | None = None, severity: int = _ERROR
) -> Message:
    where = _path(path) if path else None
    return {"severity": severity, "summary": summary, "detail": detail, "attribute": where}


def _path(path: tuple[str | int, ...] | rules.Steps) -> Message:
    return {
        "steps": [
            {"element_key_int": step} if isinstance(step, int) else {"attribute_name": step} for step in path
        ]
    }


def conform(block: Block, state: dict[str, Any]) -> dict[str, Any]:
    """A state that was written under another schema, or is only an id, brought into this schema's form."""
    conformed = {name: state.get(name) for name in attributes(block)}
    for name, kind in nested(block).items():
        value = state.get(name)
        if kind["nesting_mode"] == "single":
            conformed[name] = conform(kind["block"], value) if isinstance(value, dict) else None
        else:
            conformed[name] = [conform(kind["block"], item) for item in elements(value)]
    return conformed
