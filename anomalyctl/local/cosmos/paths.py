"""Paths into documents: `/a/b` of partition keys and patches, `/a/"b c"/?` of indexing policies."""

from __future__ import annotations

import re
from typing import Any

from anomalyctl.local.cosmos.failures import bad_request

_STEP = re.compile(r'/(?:"((?:[^"\\]|\\.)*)"|([^/]*))')


def split(path: str) -> tuple[str, ...]:
    """The steps of a path; quotes around one let it hold a slash. Raises a 400 failure."""
    steps, position = [], 0
    while position < len(path):
        match = _STEP.match(path, position)
        if match is None:
            raise bad_request(
                f"The path {path!r} is not valid: it begins with a slash, and so does each step."
            )
        steps.append(match[1] if match[1] is not None else match[2])
        position = match.end()
    return tuple(steps)


def pointer(path: Any) -> tuple[str, ...]:
    """The steps of a JSON pointer (RFC 6901), as patches use them. Raises a 400 failure."""
    if not isinstance(path, str) or not path.startswith("/") or path == "/":
        raise bad_request(f"For a patch operation the path {path!r} is not valid.")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in path[1:].split("/"))
