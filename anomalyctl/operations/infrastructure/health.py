"""Looks at what has an address, after a deploy; silence is no failure: there may be no way in from here."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, Literal

from anomalyctl.operations.infrastructure.outputs import Output

_SUFFIXES: Final = ("_url", "_fqdn", "_hostname")
_NOT_WEB: Final = ("container_url", "code_container_url")
_PATHS: Final = {
    "container_app_fqdn": "/health/ready",
    "app_service_url": "/api/health",
    "front_door_url": "/api/health",
}
"""Where ours answer: the detectors have nothing at their root, which would pass for nothing published."""
_TIMEOUT_S: Final = 5.0

Answer = Literal["answers", "not published yet", "no answer"]


@dataclass(frozen=True, slots=True)
class Health:
    """One address and what it said."""

    name: str
    address: str
    answer: Answer
    detail: str = ""


def health_of(outputs: tuple[Output, ...], environ: Mapping[str, str] | None = None) -> tuple[Health, ...]:
    """Ask every address among the outputs, side by side, at most 5 s each."""
    environ = os.environ if environ is None else environ
    addresses = [(output.name, _address(output.value)) for output in outputs if _is_address(output)]
    if not addresses:
        return ()
    authorities = environ.get("ANOMALYCTL_AZURE_CA_BUNDLE", "")
    trust = ssl.create_default_context(cafile=authorities) if authorities else True
    with ThreadPoolExecutor(max_workers=min(8, len(addresses))) as pool:
        return tuple(pool.map(lambda one: _ask(one[0], one[1], trust), addresses))


def _is_address(output: Output) -> bool:
    return (
        not output.sensitive
        and isinstance(output.value, str)
        and bool(output.value)
        and output.name.endswith(_SUFFIXES)
        and not output.name.endswith(_NOT_WEB)
    )


def _address(value: str) -> str:
    return value if "://" in value else f"https://{value}"


def _ask(name: str, address: str, trust: ssl.SSLContext | bool) -> Health:
    import httpx

    try:
        asked = f"{address.rstrip('/')}{_PATHS.get(name, '')}"
        code = httpx.get(asked, timeout=_TIMEOUT_S, follow_redirects=True, verify=trust).status_code
    except httpx.HTTPError as error:
        return Health(name, address, "no answer", type(error).__name__)
    if code in (401, 403) or code < 400:
        return Health(name, address, "answers", f"HTTP {code}")
    return Health(name, address, "not published yet", f"HTTP {code}")
