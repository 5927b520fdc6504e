"""The keys that a tenant signs tokens with: fetched once, kept, and fetched anew when the tenant rotates."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

import httpx
import jwt

from anomalyctl.errors import Transient

_FRESH_S: Final = 3600.0
"""So long keys are used without a look."""
_USABLE_S: Final = 24 * 3600.0
"""So long keys are used while the tenant's keys cannot be fetched."""
_REST_S: Final = 30.0
"""Between two looks, failed or not: whoever invents key ids makes us ask no more often than this."""
_TIMEOUT_S: Final = 5.0


class SigningKeys:
    """Thread-safe; one per process. `address` is the tenant's key document, `clock` a monotonic one."""

    def __init__(
        self,
        address: str,
        *,
        clock: Callable[[], float] = time.monotonic,
        fetch: Callable[[str], Any] | None = None,
    ) -> None:
        self._address = address
        self._clock = clock
        self._fetch = fetch or _fetch
        self._lock = threading.Lock()
        self._keys: dict[str, Any] = {}
        self._fetched_at = self._looked_at = float("-inf")

    def named(self, key_id: str) -> Any | None:
        """The key of that id, None where the tenant has none. Raises Transient where nobody can tell."""
        now = self._clock()
        key = self._keys.get(key_id)
        if key is not None and now - self._fetched_at < _FRESH_S:
            return key
        with self._lock:
            if now - self._looked_at >= _REST_S:
                self._look(now)
            asked = self._fetched_at == self._looked_at
            if not asked and now - self._fetched_at >= _USABLE_S:
                raise _nobody_to_ask()
            key = self._keys.get(key_id)
            if key is None and not asked:  # it may be a new one
                raise _nobody_to_ask()
            return key

    def _look(self, now: float) -> None:
        self._looked_at = now
        try:
            document = self._fetch(self._address)
            keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(document).keys if key.key_id}
        except (httpx.HTTPError, ValueError, TypeError, AttributeError, jwt.PyJWKError, jwt.PyJWKSetError):
            return
        self._keys, self._fetched_at = keys, now


def _nobody_to_ask() -> Transient:
    return Transient("The tenant's signing keys cannot be fetched now, so no token of Entra can be checked.")


def _fetch(address: str) -> Any:
    answer = httpx.get(address, timeout=_TIMEOUT_S, follow_redirects=False)
    return answer.raise_for_status().json()
