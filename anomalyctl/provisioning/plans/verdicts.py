"""What a change means: the rules of verdicts.toml, applied."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from anomalyctl.provisioning.plans.changes import Verdict

_RULES: Final = Path(__file__).with_name("verdicts.toml")
_HARMLESS: Final = ("tags", "timeouts")


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rules look at."""

    resource_type: str
    action: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    changed: tuple[str, ...]
    """The names of the attributes that change in place or with the replacement."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts, the gravest first, and what stays behind."""

    verdicts: tuple[Verdict, ...]
    consequence: str = ""


def judge(change: Judged) -> Judgement:
    """What a change means. A type that the rules do not know is replaced, removed, restarted or safe."""
    rules = _rules()
    ends = change.action in ("delete", "replace")
    found = set(_verdicts(change, rules, ends)) or {Verdict.SAFE}
    consequence = ""
    if ends:
        consequence = rules["data"].get(change.resource_type) or rules["behind"].get(change.resource_type, "")
    elif change.action == "forget":
        consequence = "It goes on existing in Azure, and Terraform no longer knows it."
    return Judgement(tuple(verdict for verdict in Verdict if verdict in found), str(consequence))


def holds_data(resource_type: str) -> bool:
    """Say whether destroying a resource of this type loses data."""
    return resource_type in _rules()["data"]


def refusing_flags(state: Mapping[str, Any]) -> tuple[str, ...]:
    """The attributes of a resource, as it is now, that make its service refuse the deletion."""
    rules = _rules()["refusing"]
    return tuple(name for name in rules["attributes"] if _is_on(state.get(name), rules["off"]))


def _verdicts(change: Judged, rules: Mapping[str, Any], ends: bool) -> Iterator[Verdict]:
    kind = change.resource_type
    if ends:
        yield Verdict.REPLACE if change.action == "replace" else Verdict.REMOVE
        if kind in rules["data"]:
            yield Verdict.DATA_LOSS
    if change.action in ("import", "move", "read"):
        return
    telling = [name for name in change.changed if name not in _HARMLESS]
    for verdict, section in ((Verdict.IDENTITY, "identity"), (Verdict.NETWORK, "network")):
        of_that_type = kind in rules[section]["types"] and (bool(telling) or change.action != "update")
        if of_that_type or any(name in rules[section]["attributes"] for name in telling):
            yield verdict
    if change.action == "create":
        open_from_the_start = rules["network"]["open"]
        if any(change.after.get(name) == value for name, value in open_from_the_start.items()):
            yield Verdict.NETWORK
    if change.action == "update":
        restarting = rules["restart"].get(kind, ())
        if telling and ("*" in restarting or any(name in restarting for name in telling)):
            yield Verdict.RESTART


def _is_on(value: Any, off: Collection[str]) -> bool:
    return value.lower() not in off if isinstance(value, str) else bool(value)


@cache
def _rules() -> dict[str, Any]:
    return tomllib.loads(_RULES.read_text(encoding="utf-8"))
