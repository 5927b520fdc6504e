"""What stands in `function.json`: one trigger a function, of a kind that this host knows."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from anomalyctl.errors import InvalidInput

TRIGGERS = ("redisStreamTrigger", "timerTrigger", "cosmosDBTrigger")
_SETTING = re.compile(r"%([A-Za-z0-9_]+)%")


@dataclass(frozen=True, slots=True)
class Retry:
    """The retry policy of a function: without one, Azure forgets a failed call."""

    most: int
    """How often it is tried again; -1 for ever."""
    delays_s: tuple[float, float]
    """The first and the longest delay; the delay doubles in between."""


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """One function folder."""

    name: str
    folder: Path
    script: Path
    entry_point: str
    trigger: Mapping[str, Any]
    retry: Retry | None

    @property
    def kind(self) -> str:
        """The type of its trigger."""
        return str(self.trigger["type"])

    @property
    def parameter(self) -> str:
        """The name under which the trigger's value is passed."""
        return str(self.trigger["name"])

    def text(self, key: str, default: str | None = None) -> str:
        """A text of the trigger. Raises InvalidInput naming folder and key where it is missing."""
        value = self.trigger.get(key, default)
        if not isinstance(value, str) or not value:
            raise refusal(self.folder, f"the trigger needs “{key}”")
        return value

    def number(self, key: str, default: int) -> int:
        """A whole number of the trigger, at least 1."""
        value = self.trigger.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise refusal(self.folder, f"“{key}” must be a whole number of at least 1")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A yes or no of the trigger."""
        value = self.trigger.get(key, default)
        if not isinstance(value, bool):
            raise refusal(self.folder, f"“{key}” must be true or false")
        return value


def read_definitions(root: Path, environ: Mapping[str, str] | None = None) -> tuple[FunctionDefinition, ...]:
    """The functions under `root`, by name; `%NAME%` in a binding is a setting from `environ`.

    Raises InvalidInput, naming the folder, for anything that this host could not run as Azure would.
    """
    environ = os.environ if environ is None else environ
    if not (root / "host.json").is_file():
        raise InvalidInput(f"{root} is no function app: it has no host.json.", field="--root")
    paths = sorted(root.glob("*/function.json"))
    if not paths:
        raise InvalidInput(f"{root} holds no function.", field="--root")
    found = [_definition(path.parent, read_object(path), environ) for path in paths]
    return tuple(one for one in found if one is not None)


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in `path`. Raises InvalidInput for anything else."""
    try:
        value = orjson.loads(path.read_bytes())
    except ValueError as error:
        raise InvalidInput(f"{path} is not JSON: {error}.", field=str(path)) from None
    if not isinstance(value, dict):
        raise InvalidInput(f"{path} is not a JSON object.", field=str(path))
    return value


def refusal(folder: Path, why: str) -> InvalidInput:
    """The error for a function folder that cannot be run."""
    return InvalidInput(
        f"The function {folder.name} cannot be run: {why}.", field=str(folder / "function.json")
    )


def _definition(
    folder: Path, content: Mapping[str, Any], environ: Mapping[str, str]
) -> FunctionDefinition | None:
    if content.get("disabled") is True:
        return None
    bindings = content.get("bindings")
    if not isinstance(bindings, list) or len(bindings) != 1 or not isinstance(bindings[0], dict):
        raise refusal(folder, "this host runs functions with exactly one binding, their trigger")
    trigger = {key: _resolved(folder, value, environ) for key, value in bindings[0].items()}
    if trigger.get("type") not in TRIGGERS:
        known = ", ".join(TRIGGERS)
        raise refusal(
            folder, f"it has a binding of type “{trigger.get('type')}”, and this host knows {known}"
        )
    if trigger.get("direction", "in") != "in" or not isinstance(trigger.get("name"), str):
        raise refusal(folder, "its trigger must have a “name” and the direction “in”")
    script = folder / str(content.get("scriptFile", "__init__.py"))
    if not script.is_file():
        raise refusal(folder, f"its scriptFile {script.name} is missing")
    return FunctionDefinition(
        name=folder.name,
        folder=folder,
        script=script,
        entry_point=str(content.get("entryPoint") or "main"),
        trigger=trigger,
        retry=_retry(folder, content.get("retry")),
    )


def _resolved(folder: Path, value: Any, environ: Mapping[str, str]) -> Any:
    if not isinstance(value, str):
        return value

    def setting(found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in environ:
            raise refusal(folder, f"the setting {name} is missing")
        return environ[name]

    return _SETTING.sub(setting, value)


def _retry(folder: Path, content: Any) -> Retry | None:
    if content is None:
        return None
    try:
        most = int(content["maxRetryCount"])
        if content["strategy"] == "fixedDelay":
            delay = _span_s(content["delayInterval"])
            return Retry(most, (delay, delay))
        if content["strategy"] == "exponentialBackoff":
            return Retry(most, (_span_s(content["minimumInterval"]), _span_s(content["maximumInterval"])))
    except (KeyError, TypeError, ValueError):
        pass
    raise refusal(folder, "its “retry” is not one that Azure Functions knows")


def _span_s(text: str) -> float:
    """`hh:mm:ss` in seconds."""
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
