"""Keeps secrets out of what is shown: Terraform's own marks, and names that a secret goes by."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, Final

SECRET: Final = "(secret)"  # noqa: S105 - what stands in place of one
UNKNOWN: Final = "(known after apply)"
_NAMES: Final = re.compile(
    r"(password|passwd|secret|token|(access|account|admin|api|instrumentation|master|primary|secondary|shared)_key|"
    r"connection_?strings?|sas(_url|_token)?|private_key|client_certificate)(_|\b|$)",
    re.IGNORECASE,
)
_INNOCENT: Final = re.compile(
    r"(_enabled|_id|_ids|_name|_names|_version|_uri|_type|_permissions|_expiration|_days)$", re.IGNORECASE
)
_LONGEST: Final = 120
_SHORTEST: Final = 4
"""Shorter secrets are too common as parts of other texts."""


def sounds_secret(name: str) -> bool:
    """Say whether an attribute or variable of this name may hold a secret."""
    return bool(_NAMES.search(name)) and not _INNOCENT.search(name)


def secrets_in(value: Any, sensitive: Any) -> set[str]:
    """The texts that Terraform marks as secret, however deep; a provider may repeat them where no mark is."""
    if sensitive is True:
        return {text for text in _texts(value) if len(text) >= _SHORTEST}
    found: set[str] = set()
    if isinstance(value, dict) and isinstance(sensitive, dict):
        for key, mark in sensitive.items():
            found |= secrets_in(value.get(key), mark)
    elif isinstance(value, list) and isinstance(sensitive, list):
        for item, mark in zip(value, sensitive, strict=False):
            found |= secrets_in(item, mark)
    return found


def as_text(
    value: Any,
    *,
    sensitive: Any = False,
    unknown: Any = False,
    name: str = "",
    secrets: Collection[str] = (),
) -> str:
    """A value as one short line.

    `sensitive` and `unknown` are Terraform's marks: true, or true further down. `secrets` are texts that are
    hidden wherever they stand.
    """
    if sensitive is True or sounds_secret(name):
        return SECRET if value is not None or unknown else "null"
    if unknown is True:
        return UNKNOWN
    import orjson

    text = value if isinstance(value, str) else orjson.dumps(redacted(value, sensitive, name)).decode()
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, SECRET)
    text = text.replace("\n", "⏎")
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def redacted(value: Any, sensitive: Any, name: str = "", secrets: Collection[str] = ()) -> Any:
    """The value with every secret replaced, however deep it stands."""
    if value is None:
        return None
    if sensitive is True or (name and sounds_secret(name)):
        return SECRET
    if isinstance(value, dict):
        marks = sensitive if isinstance(sensitive, dict) else {}
        return {key: redacted(item, marks.get(key, False), str(key), secrets) for key, item in value.items()}
    if isinstance(value, list):
        marks_list = sensitive if isinstance(sensitive, list) else []
        return [
            redacted(item, marks_list[position] if position < len(marks_list) else False, "", secrets)
            for position, item in enumerate(value)
        ]
    if isinstance(value, str):
        for secret in sorted(secrets, key=len, reverse=True):
            value = value.replace(secret, SECRET)
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
