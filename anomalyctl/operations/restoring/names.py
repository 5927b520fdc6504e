"""The names of a restored account and of its private endpoint, which terraform/ gives them as well."""

from __future__ import annotations

import hashlib
import re
from typing import Final

RESTORED: Final = re.compile(r"-r[0-9a-f]{4}$")
"""How the name of a restored account ends; no other name of ours does."""
_LONGEST_NAME: Final = 44
_DOOR: Final = re.compile(r"(?P<kind>[a-z]+)-cosmos-db(-r[0-9a-f]{4})?-(?P<rest>.+)")
"""As terraform/private-endpoints.tf has it."""


def restored_name(name: str, source: str, at: str, attempt: int = 0) -> str:
    """The name for an account restored from `source` to `at`: that of the old one, and a hash; at most 44
    characters.
    """
    told = hashlib.sha256(f"{source}/{at}/{attempt}".encode()).hexdigest()
    return f"{_stem(name)}-r{told[:4]}"


def is_of_one_stem(name: str, other: str) -> bool:
    """Whether one of two accounts may be restored from the other, by their names."""
    return _stem(name) == _stem(other)


def door_of(old_door: str, new_account: str) -> str:
    """The id of the new account's private endpoint; "" where the old one has none."""
    front, slash, name = old_door.rpartition("/")
    if not name:
        return ""
    mark = new_account.rpartition("-")[2]
    found = _DOOR.fullmatch(name)
    renamed = f"{found['kind']}-cosmos-db-{mark}-{found['rest']}" if found else f"{name[:74]}-{mark}"
    return f"{front}{slash}{renamed}"


def door_before(new_door: str, old_account: str) -> str:
    """The id of the private endpoint that an account had before the one with `new_door` was restored."""
    if RESTORED.search(old_account):
        return door_of(new_door, old_account)
    front, slash, name = new_door.rpartition("/")
    found = _DOOR.fullmatch(name)
    return f"{front}{slash}{found['kind']}-cosmos-db-{found['rest']}" if found else new_door


def _stem(name: str) -> str:
    return RESTORED.sub("", name)[: _LONGEST_NAME - 6].rstrip("-")
