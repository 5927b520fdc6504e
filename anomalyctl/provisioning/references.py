"""Which resource types the configuration needs for some of its resources: names that its texts refer to.

Read from the text, without Terraform: enough to leave a check out, not to plan. Whatever a block or a local
value mentions counts as needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from anomalyctl.provisioning.configuration import Configuration, blocks

_MENTIONED: Final = re.compile(r"\b(?:data\.)?([a-z][a-z0-9]*_[a-z0-9_]+\.[A-Za-z_][\w-]*)|\b(local\.\w+)")
_LOCAL: Final = re.compile(r"^ {0,2}(\w+)\s*=")


def types_needed_by(configuration: Configuration, targets: Iterable[str]) -> frozenset[str] | None:
    """The types of the targets and of all that they refer to; None where a target is no resource."""
    mentions = dict(_mentions(configuration))
    waiting = [target.partition("[")[0] for target in targets]
    if any(target not in mentions for target in waiting):
        return None
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in needed:
            continue
        needed.add(name)
        waiting += mentions.get(name, ())
    return frozenset(name.partition(".")[0] for name in needed if not name.startswith("local."))


def _mentions(configuration: Configuration) -> Iterator[tuple[str, set[str]]]:
    """What each resource and each local value mentions, by its own name."""
    for text in configuration.texts:
        for kind, labels, body in blocks(text):
            if kind in ("resource", "data") and len(labels) == 2:
                yield ".".join(labels), _found(body)
            elif kind == "locals":
                yield from _locals(body)


def _locals(body: str) -> Iterator[tuple[str, set[str]]]:
    name, lines = "", list[str]()
    for line in body.splitlines()[1:]:
        if begins := _LOCAL.match(line):
            if name:
                yield name, _found("\n".join(lines))
            name, lines = f"local.{begins[1]}", []
        lines.append(line)
    if name:
        yield name, _found("\n".join(lines))


def _found(text: str) -> set[str]:
    return {match[1] or match[2] for match in _MENTIONED.finditer(text)}
