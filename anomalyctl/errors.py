"""Every failure that a user may meet.

AnomalyctlError                  1   something failed
├── NotFound                     1   the thing named does not exist
├── Declined                     3   asked, and the answer was no (or nobody was there to ask)
├── SignInFailed                 4   who you are, or what you may do
├── Locked                       5   somebody else holds it
├── PreconditionFailed           6   the world is not as this command needs it
│   ├── UnknownEnvironment       6   not in terraform/environments/environments.toml
│   ├── NotDeployed              6   the environment is not running
│   │   └── NotPublished         6   its infrastructure stands, and the code of a part is not there yet
│   ├── NoWayIn                  6   the network does not let this machine in
│   ├── LostRace                 6   another operator was first
│   └── MissingTool              6   a program or an extra is not installed
├── PartlyDone                   7   some items done, some not
├── TimedOut                     8   it may still be going on
├── Protected                    9   refused by the environment's protection
├── Transient                   10   may heal by itself
│   └── Unreachable             10   nothing answers at that address
├── InvalidInput                64   bad arguments or bad data; names the field
│   └── ReadingRefused          64   a reading that may not enter
└── InternalError               70   a bug of ours

Code below the boundary raises; `cli/boundary.py` alone turns an error into an exit code.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class AnomalyctlError(Exception):
    """A failure with a sentence, a next step, a stable code and an exit code.

    `message` says what happened in one line; `hint` says what to do next, in one line;
    `details` holds what a machine may want (never a secret).
    """

    code: ClassVar[str] = "failed"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: dict[str, Any] = dict(details or {})


class NotFound(AnomalyctlError):
    """The thing that was named does not exist."""

    code = "not_found"


class Declined(AnomalyctlError):
    """A confirmation was refused, or was needed with nobody to ask. Nothing was changed."""

    code = "declined"
    exit_code = 3


class SignInFailed(AnomalyctlError):
    """The credentials are missing, expired or not allowed to do this."""

    code = "sign_in_failed"
    exit_code = 4


class Locked(AnomalyctlError):
    """Somebody else holds what this command needs alone; the message says who."""

    code = "locked"
    exit_code = 5


class PreconditionFailed(AnomalyctlError):
    """The world is not as this command needs it. Nothing was changed."""

    code = "precondition_failed"
    exit_code = 6


class UnknownEnvironment(PreconditionFailed):
    """The environment is not in the allow-list."""

    code = "unknown_environment"


class NotDeployed(PreconditionFailed):
    """The environment, or the part of it that is needed, is not running."""

    code = "not_deployed"


class NotPublished(NotDeployed):
    """The infrastructure stands, and the code of the part that is needed is not there yet."""

    code = "not_published"


class NoWayIn(PreconditionFailed):
    """The network between this machine and the environment lets nothing through."""

    code = "no_way_in"


class LostRace(PreconditionFailed):
    """Another operator changed it first; the message says who and when."""

    code = "lost_race"


class MissingTool(PreconditionFailed):
    """A program or an optional part of this package is not installed."""

    code = "missing_tool"


class PartlyDone(AnomalyctlError):
    """Some items were done and some were not; `details` tells which."""

    code = "partly_done"
    exit_code = 7


class TimedOut(AnomalyctlError):
    """No answer in time; the work may still be going on."""

    code = "timed_out"
    exit_code = 8


class Protected(AnomalyctlError):
    """The environment's protection refuses this without an explicit confirmation."""

    code = "protected"
    exit_code = 9


class Transient(AnomalyctlError):
    """A failure that may heal by itself; it was retried and did not."""

    code = "transient"
    exit_code = 10


class Unreachable(Transient):
    """Nothing answers at the address."""

    code = "unreachable"


class InvalidInput(AnomalyctlError):
    """Bad arguments or bad data. `field` names the offending one."""

    code = "invalid_input"
    exit_code = 64

    def __init__(
        self, message: str, *, field: str = "", hint: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(
            message, hint=hint, details={**(details or {}), **({"field": field} if field else {})}
        )
        self.field = field


class ReadingRefused(InvalidInput):
    """A reading that may not enter the pipeline; `field` is the tag or key at fault."""

    code = "reading_refused"


class InternalError(AnomalyctlError):
    """A bug of ours."""

    code = "internal_error"
    exit_code = 70


def error_with_code(code: str) -> type[AnomalyctlError]:
    """The class with that stable code; AnomalyctlError where none has it."""
    waiting = [AnomalyctlError]
    while waiting:
        error = waiting.pop()
        if error.code == code:
            return error
        waiting += error.__subclasses__()
    return AnomalyctlError
