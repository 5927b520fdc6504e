"""Waiting until what was published answers at its health path."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Final

from anomalyctl.errors import TimedOut
from anomalyctl.operations.azure_reasons import of_network
from anomalyctl.operations.publishing.target import Target

if TYPE_CHECKING:
    from httpx import Response

_LIMIT_S: Final = 600.0
_POLL_S: Final = 5.0
_TIMEOUT_S: Final = 10.0


def wait_for_health(
    target: Target, part: str, address: str, build: str | None = None
) -> tuple[bool | None, str]:
    """Whether GET `address` answers 200, and what was said; None where there is no way in from here.

    With `build`, only an answer that names it counts: for a while after a publish the process before may
    answer. Raises TimedOut after ten minutes of any other answer.
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
                answer = client.get(address)
            except httpx.HTTPError as error:
                reason = of_network(error, part, target.where)
                if reason is not None:
                    return None, reason.message
                said = type(error).__name__
            else:
                code = answer.status_code
                if code == httpx.codes.OK and (build is None or _build_in(answer) == build):
                    return True, "HTTP 200"
                if code in (401, 403):
                    return None, f"HTTP {code}: it lets nobody in from this address"
                said = f"HTTP {code}{' of another build' if code == httpx.codes.OK else ''}"
            if waited >= _LIMIT_S:
                raise TimedOut(
                    f"{part} of {target.where.environment} is published and does not get well: {said}.",
                    hint=f"Look at: anomalyctl logs {part} --env {target.where.environment}",
                )
            waited += _POLL_S
            target.sleep(_POLL_S)


def _build_in(answer: Response) -> str | None:
    """The build that an answer names; None where it names none, as those of earlier builds."""
    try:
        said = answer.json()
    except ValueError:
        return None
    return str(said["build"]) if isinstance(said, dict) and said.get("build") else None
