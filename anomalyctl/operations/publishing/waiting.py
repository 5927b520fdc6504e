"""Waiting until what was published answers at its health path."""

from __future__ import annotations

import ssl
from typing import Final

from anomalyctl.errors import TimedOut
from anomalyctl.operations.azure_reasons import of_network
from anomalyctl.operations.publishing.target import Target

_LIMIT_S: Final = 600.0
_POLL_S: Final = 5.0
_TIMEOUT_S: Final = 10.0


def wait_for_health(target: Target, part: str, address: str) -> tuple[bool | None, str]:
    """Whether GET `address` answers 200, and what was said; None where there is no way in from here.

    Raises TimedOut after ten minutes of any other answer.
    """
    import httpx

    target.progress.step(f"Waiting until {address} answers")
    authorities = target.session.cloud.ca_bundle
    context = ssl.create_default_context(cafile=authorities) if authorities else True
    said = ""
    waited = 0.0
    with httpx.Client(timeout=_TIMEOUT_S, verify=context) as client:
        while True:
            try:
                code = client.get(address).status_code
            except httpx.HTTPError as error:
                reason = of_network(error, part, target.where)
                if reason is not None:
                    return None, reason.message
                said = type(error).__name__
            else:
                if code == httpx.codes.OK:
                    return True, "HTTP 200"
                if code in (401, 403):
                    return None, f"HTTP {code}: it lets nobody in from this address"
                said = f"HTTP {code}"
            if waited >= _LIMIT_S:
                raise TimedOut(
                    f"{part} of {target.where.environment} is published and does not get well: {said}.",
                    hint=f"Look at: anomalyctl logs {part} --env {target.where.environment}",
                )
            waited += _POLL_S
            target.sleep(_POLL_S)
