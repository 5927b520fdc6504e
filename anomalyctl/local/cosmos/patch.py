"""Patch: at most ten operations on one document, all or none."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from anomalyctl.local.cosmos.failures import bad_request
from anomalyctl.local.cosmos.paths import pointer

MAX_OPERATIONS = 10
_FIXED = frozenset({"id", "_rid", "_self", "_etag", "_ts", "_attachments", "_lsn"})

Document = dict[str, Any]
Steps = tuple[str, ...]


def apply_patch(document: Document, operations: Any, partition_key_paths: tuple[Steps, ...]) -> Document:
    """A changed copy of the document. Raises a 400 failure; then nothing has changed."""
    if not isinstance(operations, list) or not operations:
        raise bad_request("A patch needs a list of operations.")
    if len(operations) > MAX_OPERATIONS:
        raise bad_request(f"The number of patch operations can't exceed '{MAX_OPERATIONS}'.")
    changed = copy.deepcopy(document)
    for operation in operations:
        name = operation.get("op") if isinstance(operation, dict) else None
        if name not in _OPERATIONS:
            raise bad_request(f"Unknown patch operation {name!r}; known are {', '.join(_OPERATIONS)}.")
        steps = pointer(operation.get("path"))
        origin = pointer(operation.get("from")) if name == "move" else steps
        for touched in (steps, origin):
            if touched[0] in _FIXED or touched in partition_key_paths:
                raise bad_request(f"The property '/{'/'.join(touched)}' may not be patched.")
        if name in ("add", "set", "replace", "incr") and "value" not in operation:
            raise bad_request(f"The patch operation {name} needs a value.")
        _OPERATIONS[name](changed, steps, origin if name == "move" else operation.get("value"))
    return changed


def _add(document: Document, steps: Steps, value: Any) -> None:
    holder, last = _holder(document, steps)
    if isinstance(holder, list):
        holder.insert(
            len(holder) if last == "-" else _index(holder, last, steps, length=len(holder) + 1), value
        )
    else:
        holder[last] = value


def _set(document: Document, steps: Steps, value: Any) -> None:
    holder, last = _holder(document, steps)
    if isinstance(holder, dict):
        holder[last] = value
    elif last == "-":
        holder.append(value)
    else:
        holder[_index(holder, last, steps)] = value


def _replace(document: Document, steps: Steps, value: Any) -> None:
    holder, last = _existing(document, steps)
    holder[last] = value


def _remove(document: Document, steps: Steps, _: Any) -> None:
    holder, last = _existing(document, steps)
    del holder[last]


def _increment(document: Document, steps: Steps, value: Any) -> None:
    holder, last = _holder(document, steps)
    if isinstance(holder, dict) and last not in holder:
        current: Any = 0
    else:
        holder, last = _existing(document, steps)
        current = holder[last]
    if any(isinstance(number, bool) or not isinstance(number, int | float) for number in (current, value)):
        raise bad_request(f"The patch operation incr needs numbers at '/{'/'.join(steps)}'.")
    holder[last] = current + value


def _move(document: Document, steps: Steps, origin: Steps) -> None:
    if steps[: len(origin)] == origin:
        raise bad_request("A patch may not move a value into itself.")
    holder, last = _existing(document, origin)
    value = holder[last]
    del holder[last]
    _add(document, steps, value)


_OPERATIONS: dict[str, Callable[[Document, Steps, Any], None]] = {
    "add": _add,
    "set": _set,
    "replace": _replace,
    "remove": _remove,
    "incr": _increment,
    "move": _move,
}


def _holder(document: Document, steps: Steps) -> tuple[Any, str]:
    """The object or array that the last step is in; it must exist."""
    holder: Any = document
    for step in steps[:-1]:
        if isinstance(holder, dict) and step in holder:
            holder = holder[step]
        elif isinstance(holder, list):
            holder = holder[_index(holder, step, steps)]
        else:
            raise bad_request(f"The patch path '/{'/'.join(steps)}' has no parent in the document.")
    if not isinstance(holder, dict | list):
        raise bad_request(
            f"The patch path '/{'/'.join(steps)}' leads through a value that has no properties."
        )
    return holder, steps[-1]


def _existing(document: Document, steps: Steps) -> tuple[Any, Any]:
    holder, last = _holder(document, steps)
    if isinstance(holder, list):
        return holder, _index(holder, last, steps)
    if last not in holder:
        raise bad_request(f"The patch path '/{'/'.join(steps)}' does not exist in the document.")
    return holder, last


def _index(holder: list[Any], step: str, steps: Steps, *, length: int | None = None) -> int:
    if not step.isdecimal() or int(step) >= (len(holder) if length is None else length):
        raise bad_request(f"The patch path '/{'/'.join(steps)}' names an element that does not exist.")
    return int(step)
