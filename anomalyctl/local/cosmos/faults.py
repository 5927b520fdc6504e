"""Faults on demand, for tests: the next requests are refused or cut off, or the clock is moved.

With `--faults`, `POST /_faults` takes `{"status": 429, "count": 3, "retry_after_ms": 10, "substatus": 3200,
"method": "PATCH", "path": "docs", "after": 2}` (refuse three requests that fit, once two have passed),
`{"cut": true, "count": 1, "applied": true}` (close the connection within the answer, here after doing the
work), `{"clock_ahead_s": 60}` (items age by a minute), `{"purge": true}` (remove what has expired) or
`{"clear": true}`. `GET /_faults` tells what is still to come and how often each has struck. The route exists
only with `--faults`, and asks for no key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from anomalyctl.local.cosmos.failures import CosmosFailure, bad_request
from anomalyctl.local.cosmos.wire import Call

_CODES = {
    408: "RequestTimeout",
    410: "Gone",
    412: "PreconditionFailed",
    429: "TooManyRequests",
    449: "RetryWith",
    500: "InternalServerError",
    503: "ServiceUnavailable",
}
_DEFAULT_SUBSTATUS = {429: 3200}
_FIELDS = {"status", "count", "retry_after_ms", "substatus", "method", "path", "after", "cut", "applied"}


@dataclass
class Fault:
    """What happens to the next `count` requests that fit, after `after` of them passed untouched."""

    status: int = 503
    count: int = 1
    retry_after_ms: int | None = None
    substatus: int = 0
    method: str | None = None
    path: str = "/"
    after: int = 0
    cut: bool = False
    applied: bool = False
    struck: int = 0

    def failure(self) -> CosmosFailure:
        """The refusal."""
        code = _CODES.get(self.status, "ServiceUnavailable")
        substatus = self.substatus or _DEFAULT_SUBSTATUS.get(self.status, 0)
        message = "This failure was asked for at /_faults."
        return CosmosFailure(
            self.status, code, message, substatus=substatus, retry_after_ms=self.retry_after_ms
        )

    def fits(self, call: Call) -> bool:
        """By method, and by a part of the path."""
        return self.method in (None, call.method) and self.path in "/" + "/".join(call.segments)


@dataclass
class Faults:
    """The faults still to come, first come first struck."""

    waiting: list[Fault] = field(default_factory=list)
    clock_ahead_s: float = 0.0

    def next_for(self, call: Call) -> Fault | None:
        """The fault that strikes this request, if any; counted down."""
        for fault in self.waiting:
            if fault.count > 0 and fault.fits(call):
                if fault.after > 0:
                    fault.after -= 1
                    return None
                fault.count -= 1
                fault.struck += 1
                return fault
        return None

    def order(self, wanted: dict[str, Any]) -> None:
        """Take one order of `POST /_faults`. Raises a 400 failure for a field that is not known."""
        if wanted.get("clear"):
            self.waiting.clear()
        if "clock_ahead_s" in wanted:
            self.clock_ahead_s = float(wanted["clock_ahead_s"])
        described = {name: value for name, value in wanted.items() if name in _FIELDS}
        if unknown := set(wanted) - _FIELDS - {"clear", "clock_ahead_s", "purge"}:
            raise bad_request(f"A fault has no {', '.join(sorted(unknown))}.")
        if described:
            self.waiting.append(Fault(**described))
