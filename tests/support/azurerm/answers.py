"""What the stand-in answers to each question of Terraform's."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.azurerm import rules
from tests.support.azurerm.cloud import Cloud
from tests.support.azurerm.inventing import fill
from tests.support.azurerm.lifecycle import Lifecycle, Refused
from tests.support.azurerm.planning import planned, replacing
from tests.support.azurerm.protocol import MESSAGES
from tests.support.azurerm.schema import Block, attributes, elements, nested, provider_schema
from tests.support.azurerm.troubles import Troubles
from tests.support.azurerm.values import UNKNOWN, decode, encode

_ERROR = 1
_WARNING = 2


class Answers:
    """One method a question; each takes the request's message and gives the response's."""

    def __init__(self, folder: Path) -> None:
        self._cloud = Cloud(folder)
        self._life = Lifecycle(self._cloud, Troubles(folder))
        self._schema = provider_schema()
        self._subscription = "00000000-0000-0000-0000-000000000000"

    def GetProviderSchema(self, question: Any) -> Any:  # noqa: N802 (the protocol's names)
        return self._schema.message()

    def ValidateProviderConfig(self, question: Any) -> Any:  # noqa: N802
        return MESSAGES["ProviderConfigAnswer"]()

    def ConfigureProvider(self, question: Any) -> Any:  # noqa: N802
        config = decode(question.config)
        answer = MESSAGES["Diagnostics"]()
        given = config.get("subscription_id") or os.environ.get("ARM_SUBSCRIPTION_ID")
        if not given:
            _complain(
                answer,
                "`subscription_id` is a required provider property when performing a plan/apply operation",
            )
        elif given is not UNKNOWN:
            self._subscription = str(given)
        for features in elements(config.get("features")):
            self._life.persists_early = (
                features.get("persist_id_on_create_before_polling_for_completion") is True
            )
        return answer

    def ValidateResourceConfig(self, question: Any) -> Any:  # noqa: N802
        return self._validate(self._schema.resources[question.type_name]["block"], question)

    def ValidateDataResourceConfig(self, question: Any) -> Any:  # noqa: N802
        return self._validate(self._schema.data_sources[question.type_name]["block"], question)

    def ValidateEphemeralResourceConfig(self, question: Any) -> Any:  # noqa: N802
        return self._validate(self._schema.ephemeral[question.type_name]["block"], question)

    def UpgradeResourceState(self, question: Any) -> Any:  # noqa: N802
        block = self._schema.resources[question.type_name]["block"]
        state = _conform(block, json.loads(question.raw_state.json))
        return MESSAGES["UpgradeAnswer"](upgraded_state=_dynamic(state))

    def ReadResource(self, question: Any) -> Any:  # noqa: N802
        current = decode(question.current_state)
        answer = MESSAGES["ReadAnswer"](private=question.private)
        try:
            found = self._life.read(question.type_name, str(current["id"]))
        except Refused as refused:
            found = refused.kept
            _complain(answer, str(refused))
        answer.new_state.CopyFrom(_dynamic(found))
        return answer

    def PlanResourceChange(self, question: Any) -> Any:  # noqa: N802
        prior, proposed = decode(question.prior_state), decode(question.proposed_new_state)
        answer = MESSAGES["PlanAnswer"](legacy_type_system=True, planned_private=question.prior_private)
        if proposed is None:
            answer.planned_state.CopyFrom(_dynamic(None))
            return answer
        block = self._schema.resources[question.type_name]["block"]
        after = planned(block, proposed)
        if prior is not None:
            for path in replacing(block, prior, after, rules.fixed_attributes(question.type_name)):
                steps = [
                    {"element_key_int": step} if isinstance(step, int) else {"attribute_name": step}
                    for step in path
                ]
                answer.requires_replace.add(steps=steps)
        answer.planned_state.CopyFrom(_dynamic(after))
        return answer

    def ApplyResourceChange(self, question: Any) -> Any:  # noqa: N802
        prior, after = decode(question.prior_state), decode(question.planned_state)
        answer = MESSAGES["ApplyAnswer"](legacy_type_system=True, private=question.planned_private)
        try:
            state = self._apply(question.type_name, prior, after)
        except Refused as refused:
            state = refused.kept
            _complain(answer, str(refused))
        answer.new_state.CopyFrom(_dynamic(state))
        return answer

    def ImportResourceState(self, question: Any) -> Any:  # noqa: N802
        block = self._schema.resources[question.type_name]["block"]
        found = self._cloud.find(question.type_name, question.id)
        state = found.state if found else _conform(block, {"id": question.id})
        return MESSAGES["ImportAnswer"](
            imported_resources=[{"type_name": question.type_name, "state": _dynamic(state)}]
        )

    def ReadDataSource(self, question: Any) -> Any:  # noqa: N802
        config = decode(question.config)
        block = self._schema.data_sources[question.type_name]["block"]
        return MESSAGES["DataAnswer"](state=_dynamic(self._look_up(question.type_name, block, config)))

    def OpenEphemeralResource(self, question: Any) -> Any:  # noqa: N802
        config = decode(question.config)
        block = self._schema.ephemeral[question.type_name]["block"]
        return MESSAGES["OpenAnswer"](result=_dynamic(self._look_up(question.type_name, block, config)))

    def CloseEphemeralResource(self, question: Any) -> Any:  # noqa: N802
        return MESSAGES["Diagnostics"]()

    def GetFunctions(self, question: Any) -> Any:  # noqa: N802
        return MESSAGES["FunctionsAnswer"](functions=self._schema.message().functions)

    def CallFunction(self, question: Any) -> Any:  # noqa: N802
        error = {"text": f"{question.name} is not offered by the stand-in provider"}
        return MESSAGES["CallAnswer"](error=error)

    def StopProvider(self, question: Any) -> Any:  # noqa: N802
        self._life.stopped.set()
        return MESSAGES["StopAnswer"]()

    def _validate(self, block: Block, question: Any) -> Any:
        answer = MESSAGES["Diagnostics"]()
        config = decode(question.config)
        for path, name in rules.deprecated_in_use(block, config):
            _complain(answer, "Argument is deprecated", f"{name} is deprecated in azurerm.", path, _WARNING)
        for path, text in rules.refusals(question.type_name, config):
            _complain(answer, text, "", path)
        return answer

    def _apply(self, type_name: str, prior: Any, after: Any) -> dict[str, Any] | None:
        if after is None:
            self._life.delete(type_name, prior)
            return None
        state = fill(type_name, self._schema.resources[type_name]["block"], after, self._subscription)
        if prior is None:
            return self._life.create(type_name, state)
        return self._life.update(type_name, prior, state)

    def _look_up(self, type_name: str, block: Block, config: dict[str, Any]) -> dict[str, Any]:
        """What Terraform made is found; what a team brings of its own is taken to exist."""
        asked = {key: value for key, value in config.items() if isinstance(value, str)}
        for one in self._cloud.resources(type_name):
            if all(one.state.get(key) == value for key, value in asked.items()):
                known = {key: one.state.get(key) for key in attributes(block) if config.get(key) is None}
                return fill(type_name, block, config | known, self._subscription)
        return fill(type_name, block, config, self._subscription)


def methods(answers: Answers) -> dict[str, Callable[[Any], Any]]:
    """The answers by the protocol's names."""
    return {name: getattr(answers, name) for name in dir(answers) if name[0].isupper()}


def _dynamic(value: Any) -> Any:
    return MESSAGES["DynamicValue"](msgpack=encode(value))


def _complain(
    answer: Any, summary: str, detail: str = "", path: list[str | int] | None = None, how: int = _ERROR
) -> None:
    steps = [
        {"element_key_int": step} if isinstance(step, int) else {"attribute_name": step}
        for step in path or []
    ]
    answer.diagnostics.add(
        severity=how, summary=summary, detail=detail, attribute={"steps": steps} if steps else None
    )


def _conform(block: Block, state: dict[str, Any]) -> dict[str, Any]:
    """A state that was written under another schema, or is only an id, brought into this schema's form."""
    conformed = {name: state.get(name) for name in attributes(block)}
    for name, kind in nested(block).items():
        value = state.get(name)
        if kind["nesting_mode"] == "single":
            conformed[name] = _conform(kind["block"], value) if isinstance(value, dict) else None
        else:
            conformed[name] = [_conform(kind["block"], item) for item in elements(value)]
    return conformed
