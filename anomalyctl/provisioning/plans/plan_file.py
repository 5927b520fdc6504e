"""Reads a plan file itself, in the form of `terraform show -json`, which would start every provider again.

The file's format is Terraform's own and carries a version, which is looked at. What is read is only believed
where it agrees with the changes that Terraform has announced in its stable stream of events; in every other
case the answer is None, and `show -json` is asked.
"""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Final

from anomalyctl.provisioning.plans.wire import (
    UNKNOWN,
    all_of,
    cty_value,
    data_of,
    message,
    number_of,
    text_of,
)

_FORMAT: Final = 3
_REFRESH_ONLY: Final = 2
_DEFERRED: Final = (27, 30, 31)
"""Deferred changes and actions: newer than what is read here."""
_ACTIONS: Final[dict[int, tuple[tuple[str, ...], bool, bool]]] = {
    0: (("no-op",), True, True),
    1: (("create",), False, True),
    3: (("update",), True, True),
    5: (("delete",), True, False),
    6: (("delete", "create"), True, True),
    7: (("create", "delete"), True, True),
    8: (("forget",), True, False),
}
"""What `show -json` calls an action, and whether there is a value before it and one after it."""
_REASONS: Final = {
    1: "replace_because_tainted",
    2: "replace_by_request",
    3: "replace_because_cannot_update",
    4: "delete_because_no_resource_config",
    5: "delete_because_wrong_repetition",
    6: "delete_because_count_index",
    7: "delete_because_each_key",
    8: "delete_because_no_module",
    9: "replace_by_triggers",
    12: "delete_because_no_move_target",
}


def document_of(path: Path, sensitive_variables: Collection[str]) -> dict[str, Any] | None:
    """The parts of the `show -json` document that a review needs; None where the file is not understood."""
    try:
        with zipfile.ZipFile(path) as archive:
            plan = message(archive.read("tfplan"))
        if number_of(plan, 1) != _FORMAT or any(key in plan for key in _DEFERRED):
            return None
        refresh_only = number_of(plan, 17) == _REFRESH_ONLY
        drift = [_resource(one) for one in all_of(plan, 18)]
        return {
            "format_version": "1.2",
            "terraform_version": text_of(plan, 14),
            "complete": bool(number_of(plan, 26)),
            "resource_changes": [found for one in all_of(plan, 3) if (found := _resource(one))],
            "resource_drift": [
                one for one in drift if one and (refresh_only or one["change"]["actions"] != ["no-op"])
            ],
            "output_changes": dict(map(_output, all_of(plan, 4))),
            "variables": dict(map(_variable, all_of(plan, 2))),
            "configuration": {
                "root_module": {"variables": {name: {"sensitive": True} for name in sensitive_variables}}
            },
        }
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, IndexError, UnicodeDecodeError):
        return None


def _resource(data: bytes) -> dict[str, Any] | None:
    fields = message(data)
    raw = message(data_of(fields, 9))
    address = text_of(fields, 13)
    mode, kind = _mode_and_type(address)
    if mode == "data":  # nothing of it is reviewed
        return None
    change = _change(raw)
    change["replace_paths"] = [_steps(path) for path in all_of(fields, 11)]
    if 5 in raw:
        change["importing"] = {}
    found = {
        "address": address,
        "mode": mode,
        "type": kind,
        "change": change,
        "action_reason": _REASONS.get(number_of(fields, 12), ""),
    }
    previous = text_of(fields, 14)
    return found | ({"previous_address": previous} if previous and previous != address else {})


def _output(data: bytes) -> tuple[str, dict[str, Any]]:
    fields = message(data)
    change = _change(message(data_of(fields, 2)))
    if number_of(fields, 3):
        change |= {"before_sensitive": True, "after_sensitive": True}
    return text_of(fields, 1), change


def _variable(data: bytes) -> tuple[str, dict[str, Any]]:
    fields = message(data)
    return text_of(fields, 1), {"value": _known(_value(data_of(fields, 2)))}


def _change(raw: dict[int, list[Any]]) -> dict[str, Any]:
    actions, has_before, has_after = _ACTIONS[number_of(raw, 1)]
    values = [_value(one) for one in all_of(raw, 2)]
    before = values[0] if has_before else None
    after = values[-1] if has_after else None
    # Marks of a schema stand on one side alone where the other is null: what is secret on one is so on both.
    secret = [_steps(path) for key in (3, 4) for path in all_of(raw, key)]
    return {
        "actions": list(actions),
        "before": _known(before),
        "after": _known(after),
        "after_unknown": _unknown(after),
        "before_sensitive": _marks(before, secret),
        "after_sensitive": _marks(after, secret),
    }


def _value(dynamic: bytes) -> Any:
    return cty_value(data_of(message(dynamic), 1))


def _steps(path: bytes) -> list[str | int]:
    """Names, keys and positions; what leads into a set ends at the set."""
    found: list[str | int] = []
    for step in all_of(message(path), 1):
        fields = message(step)
        key = text_of(fields, 1) if 1 in fields else _value(data_of(fields, 2))
        if not isinstance(key, (str, int)):
            break
        found.append(key)
    return found


def _known(value: Any) -> Any:
    """Without what is unknown: left out of objects, null in lists."""
    if value is UNKNOWN:
        return None
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items() if item is not UNKNOWN}
    return [_known(item) for item in value] if isinstance(value, list) else value


def _unknown(value: Any) -> Any:
    """True where the value is unknown; in objects only what is unknown, or holds it."""
    if value is UNKNOWN:
        return True
    if isinstance(value, dict):
        marks = {key: _unknown(item) for key, item in value.items()}
        return {key: mark for key, mark in marks.items() if mark is not False}
    return [_unknown(item) for item in value] if isinstance(value, list) else False


def _marks(value: Any, paths: list[list[str | int]]) -> Any:
    """True at each path, in the shape of the value."""
    if any(not path for path in paths):
        return True
    if isinstance(value, dict):
        inner = {key: [path[1:] for path in paths if path[0] == key] for key in value}
        return {key: _marks(value[key], below) for key, below in inner.items() if below}
    if isinstance(value, list):
        return [
            _marks(item, [path[1:] for path in paths if path[0] == position])
            for position, item in enumerate(value)
        ]
    return bool(paths)


def _mode_and_type(address: str) -> tuple[str, str]:
    names = [name for name in _segments(address) if name]
    while names and names[0] == "module":
        names = names[2:]
    data = names[0] == "data"
    return ("data", names[1]) if data else ("managed", names[0])


def _segments(address: str) -> Iterator[str]:
    """The names between dots; keys in brackets, which may hold dots, are left out."""
    name, depth, quoted = "", 0, False
    previous = ""
    for letter in address:
        if letter == '"' and previous != "\\":
            quoted = not quoted
        elif letter in "[]" and not quoted:
            depth += 1 if letter == "[" else -1
        elif letter == "." and not depth:
            yield name
            name = ""
        elif not depth:
            name += letter
        previous = letter
    yield name
