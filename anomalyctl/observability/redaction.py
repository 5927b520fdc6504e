"""Secrets never leave in a log or a trace: the environment's by value, others by the shape they come in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote

HIDDEN: Final = "***"
_SOUNDS_SECRET: Final = re.compile(
    r"(?:^|_)(?:TOKEN|KEY|PASSWORD|SECRET|CREDENTIALS?|CONNECTION_STRING)$|^(?:REDIS|COSMOS)_TRIGGER$"
)
_SHORTEST: Final = 8
"""A shorter value is no secret of ours, and would hide parts of words."""
_INSIDE: Final = re.compile(
    r"(?:AccountKey|SharedAccessKey|InstrumentationKey|password|pwd|sig)=([^;,&\s]+)|://[^/@\s]*:([^/@\s]+)@",
    re.IGNORECASE,
)
_SHAPES: Final = re.compile(
    r"((?:AccountKey|SharedAccessKey|password|pwd|passwd|client_secret|api[-_]?key|access_token|\bsig)"
    r"[\"']?\s*[=:]\s*[\"']?)[^;,&\s\"']+"
    r"|(\b(?:Bearer|Basic)\s+)[A-Za-z0-9._~+/=-]{8,}"
    r"|(://[^/@\s:]*:)[^/@\s]+(?=@)"
    r"|()\beyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*",
    re.IGNORECASE,
)
_HINTS: Final = ("=", ":", "earer", "asic", "eyJ")


class Redactor:
    """Replaces secrets by `***`. Values are read from the environment once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        values = sorted(set(_secrets_of(environ)), key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, values))) if values else None

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        if self._values is not None:
            text = self._values.sub(HIDDEN, text)
        if any(hint in text for hint in _HINTS):
            text = _SHAPES.sub(_without_secret, text)
        return text


def _without_secret(found: re.Match[str]) -> str:
    return next((kept for kept in found.groups() if kept), "") + HIDDEN


def _secrets_of(environ: Mapping[str, str]) -> Iterator[str]:
    for name, value in environ.items():
        if not _SOUNDS_SECRET.search(name.upper()):
            continue
        inside = [part for groups in _INSIDE.findall(value) for part in groups if part]
        # An endpoint alone is no secret, nor is the readable part of a connection string.
        whole = [value] if not inside and "://" not in value else []
        for secret in (*whole, *inside):
            for form in {secret, unquote(secret)}:
                if len(form) >= _SHORTEST:
                    yield form
