"""Azure's roles: their ids, stable names for assignments, and what a set of permissions allows."""

from __future__ import annotations

import fnmatch
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, Final

BLOB_DATA_CONTRIBUTOR: Final = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
BLOB_DATA_OWNER: Final = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
_NAMES: Final = uuid.UUID("7f0c5be2-6f4d-5c0e-9b5a-3a1f5f7f6b10")


def role_definition_id(subscription_id: str, role: str) -> str:
    """The id of a built-in role within a subscription."""
    return f"/subscriptions/{subscription_id}/providers/Microsoft.Authorization/roleDefinitions/{role}"


def assignment_name(scope: str, principal_id: str, role: str) -> str:
    """The same UUID for the same scope, principal and role: assigning twice is assigning once."""
    return str(uuid.uuid5(_NAMES, f"{scope.lower()}|{principal_id.lower()}|{role}"))


def missing_actions(permissions: Iterable[Mapping[str, Any]], actions: Iterable[str]) -> tuple[str, ...]:
    """Which of the actions no permission gives. A permission's `notActions` take away from itself alone.

    The form is that of Microsoft.Authorization/permissions: wildcards match across slashes, case counts not.
    """
    given = list(permissions)
    return tuple(action for action in actions if not any(_gives(permission, action) for permission in given))


def _gives(permission: Mapping[str, Any], action: str) -> bool:
    def matches(patterns: Iterable[str]) -> bool:
        return any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)

    return matches(permission.get("actions") or ()) and not matches(permission.get("notActions") or ())
