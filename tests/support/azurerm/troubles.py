"""What a test may ask the stand-in to do wrong: be slow, refuse, answer with drifted values, die.

The wishes are JSON, in `troubles.json` of the stand-in's folder or in the variable STAND_IN_TROUBLES:

    {"slow":  [{"match": "azurerm_managed_redis", "seconds": 3}],
     "fail":  [{"match": "azurerm_key_vault.kv-*", "on": "create", "error": "conflict", "times": 1}],
     "drift": [{"match": "azurerm_linux_web_app", "set": {"https_only": false}}],
     "die":   [{"match": "azurerm_cosmosdb_account", "on": "create"}]}

`match` is a type, `type.name` with * and ?, or an id. `on` is create (the default), read, update or delete.
`times` is how often (default: always). `error` is a name from ERRORS or a sentence.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
from pathlib import Path
from typing import Any

from tests.support.azurerm.cloud import Resource

ERRORS = {
    "conflict": (
        409,
        "Conflict",
        "Conflict",
        "Another operation on this or a dependent resource is in progress.",
    ),
    "forbidden": (
        403,
        "Forbidden",
        "AuthorizationFailed",
        "The client does not have authorization to perform action 'write' over this scope or the scope is "
        "invalid. If access was recently granted, please refresh your credentials.",
    ),
    "quota": (
        400,
        "Bad Request",
        "InsufficientQuota",
        "This operation require 30 new capacity in quota Tokens Per Minute (thousands), which is bigger than "
        "the current available capacity 10.",
    ),
    "throttled": (
        429,
        "Too Many Requests",
        "TooManyRequests",
        "The request is being throttled. Retry after 17 seconds.",
    ),
    "name-taken": (409, "Conflict", "StorageAccountAlreadyTaken", "The name is already taken."),
    "capacity": (
        503,
        "Service Unavailable",
        "ServiceUnavailable",
        "The region is currently experiencing high demand.",
    ),
    "policy": (403, "Forbidden", "RequestDisallowedByPolicy", "Resource was disallowed by policy."),
}
_VERBS = {"create": "creating", "read": "retrieving", "update": "updating", "delete": "deleting"}
_CALLS = {"create": "CreateOrUpdate", "read": "Get", "update": "Update", "delete": "Delete"}


class Troubles:
    """Reads the wishes anew at each question, so that a test may change them while Terraform runs."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "troubles.json"
        self._spent = folder / "spent"

    def seconds(self, operation: str, resource: Resource) -> float:
        """How long the operation is to take."""
        return max(
            (float(wish["seconds"]) for wish in self._wishes("slow", operation, resource)), default=0.0
        )

    def error(self, operation: str, resource: Resource) -> str | None:
        """The text of the error that the operation is to end with, as azurerm words it."""
        for wish in self._wishes("fail", operation, resource):
            return error_text(operation, resource, str(wish.get("error", "conflict")))
        return None

    def die_if_asked(self, operation: str, resource: Resource) -> None:
        """End this process as a crash would."""
        for _ in self._wishes("die", operation, resource):
            os.kill(os.getpid(), signal.SIGKILL)

    def drifted(self, resource: Resource) -> dict[str, Any]:
        """The resource's state with the values that somebody is said to have changed."""
        state = dict(resource.state)
        for wish in self._wishes("drift", "read", resource):
            state |= wish["set"]
        return state

    def _wishes(self, kind: str, operation: str, resource: Resource) -> list[dict[str, Any]]:
        default = "read" if kind == "drift" else "create"
        return [
            wish
            for wish in self._all().get(kind, [])
            if wish.get("on", default) == operation
            and resource.matches(wish["match"])
            and self._is_left(kind, wish)
        ]

    def _all(self) -> dict[str, list[dict[str, Any]]]:
        text = os.environ.get("STAND_IN_TROUBLES") or (
            self._file.read_text() if self._file.exists() else "{}"
        )
        wishes: dict[str, list[dict[str, Any]]] = json.loads(text)
        return wishes

    def _is_left(self, kind: str, wish: dict[str, Any]) -> bool:
        """Count a wish with `times`; the count is kept between commands, in a file that grows by a byte."""
        if "times" not in wish:
            return True
        key = hashlib.sha256((kind + json.dumps(wish, sort_keys=True)).encode()).hexdigest()[:12]
        self._spent.mkdir(exist_ok=True)
        with (self._spent / key).open("ab") as count:
            count.write(b".")
            return count.tell() <= int(wish["times"])


def error_text(operation: str, resource: Resource, error: str) -> str:
    """An error as azurerm words it; a sentence that is no name of ERRORS stands as Azure's own message."""
    status, reason, code, message = ERRORS.get(error, (400, "Bad Request", "BadRequest", error))
    label = resource.type.removeprefix("azurerm_").replace("_", " ").title()
    parts = resource.id.strip("/").split("/")
    where = f'Subscription: "{parts[1]}"' if len(parts) > 1 else f'Name: "{resource.name}"'
    if len(parts) > 3 and parts[2] == "resourceGroups":
        where += f'\nResource Group Name: "{parts[3]}"'
    return (
        f'{_VERBS[operation]} {label} ({where}\n{label} Name: "{resource.name}"): '
        f"performing {_CALLS[operation]}: unexpected status {status} ({status} {reason}) with error: "
        f"{code}: {message}"
    )
