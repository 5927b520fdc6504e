"""Sites of App Service and Functions: sending a package with Entra, and what became of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from azure.core.rest import HttpResponse

from anomalyctl.azure.failures import AzureRefused, NotAllowed
from anomalyctl.azure.resource_manager import Document, ResourceManager
from anomalyctl.azure.transfer import Transfer
from anomalyctl.errors import AnomalyctlError, Locked, NotDeployed, SignInFailed, TimedOut, Transient

SITES_API: Final = "2023-12-01"
_DONE, _FAILED, _CONFLICT, _PARTLY = 4, 3, 5, 6
"""States of a deployment, as Kudu counts them; every other one is on its way."""
IP_FORBIDDEN: Final = "IpForbidden"
"""The reason in a NotAllowed where an app's front does not let this machine's address in."""
_POLL_S: Final = 5.0
_LIMIT_S: Final = 1200
_BUSY_TRIES: Final = 30


class PackageRefused(AnomalyctlError):
    """The site did not take the package; what ran before goes on."""

    code = "package_refused"


@dataclass(frozen=True, slots=True)
class Host:
    """A Functions host, as it tells of itself."""

    says: str
    """`Running`, or what is wrong; "" where it is silent."""
    up_s: float | None
    """How long its process runs; None where it does not tell."""


class Site:
    """One app of App Service or Functions, through Resource Manager and its own publishing address."""

    def __init__(
        self, manager: ResourceManager, site_id: str, transfer: Transfer, sleep: Callable[[float], None]
    ) -> None:
        self.id = site_id
        self._manager = manager
        self._transfer = transfer
        self._sleep = sleep
        self._found: Document | None = None

    def read(self) -> Document:
        """The site. Raises NotDeployed where there is none."""
        if self._found is None:
            self._found = self._manager.get(self.id, SITES_API)
        if self._found is None:
            raise NotDeployed(f"There is no {'/'.join(self.id.split('/')[-2:])}.", hint="Deploy first.")
        return self._found

    def publish(self, package: Path, path: str, query: dict[str, str], tell: Callable[[str], None]) -> None:
        """Send a .zip and wait until the site has it.

        Raises PackageRefused with its last words, Locked where another deployment goes on, NotAllowed where
        this machine or person may not, TimedOut.
        """
        where = self._publishing_address()
        status = _status_address(self._send(f"{where}{path}", package, query))
        self._wait(status if "://" in status else f"{where}{status}", where, tell)

    def host_state(self) -> str:
        """What the Functions host says of itself: `Running`, or what is wrong; "" where it is silent."""
        return self.host().says

    def host(self) -> Host:
        """What the Functions host says of itself. Raises NotAllowed where it cannot be asked from here."""
        try:
            found = self._manager.get(f"{self.id}/hostruntime/admin/host/status", SITES_API) or {}
        except AzureRefused:
            found = {}
        errors = "; ".join(map(str, found.get("errors") or ()))
        up_ms = found.get("processUptime")
        return Host(errors or str(found.get("state", "")), None if up_ms is None else float(up_ms) / 1000)

    def functions(self) -> list[str]:
        """The names of the functions that it has found in its package."""
        listed = self._manager.list(f"{self.id}/functions", SITES_API)
        return sorted(str(one.get("name", "")).rpartition("/")[2] for one in listed)

    def reload(self) -> None:
        """Have it fetch its package again and tell the scale controller of its triggers."""
        self._manager.act(f"{self.id}/restart", SITES_API)
        self._manager.act(f"{self.id}/syncfunctiontriggers", SITES_API)

    def _publishing_address(self) -> str:
        hosts = self.read().get("properties", {}).get("hostNameSslStates") or ()
        found = next((host["name"] for host in hosts if host.get("hostType") == "Repository"), "")
        if not found:
            raise NotDeployed(f"{self.id.split('/')[-1]} has no publishing address.", hint="Deploy first.")
        return f"https://{found}"

    def _send(self, address: str, package: Path, query: dict[str, str]) -> HttpResponse:
        name = self.id.split("/")[-1]
        for _ in range(_BUSY_TRIES):
            try:
                return self._transfer.send(
                    "POST",
                    address,
                    f"publishing to {name}",
                    file=package,
                    headers={"Content-Type": "application/zip"},
                    query=query,
                )
            except AzureRefused as error:
                if error.status != 409:
                    raise
                self._sleep(_POLL_S)
                continue
            except (NotAllowed, SignInFailed) as error:
                raise _refused(name, error) from error
        raise Locked(f"Another deployment to {name} goes on.", hint="Try again in a few minutes.")

    def _wait(self, status: str, where: str, tell: Callable[[str], None]) -> None:
        told = ""
        for _ in range(int(_LIMIT_S / _POLL_S)):
            found = self._deployment(status)
            text = str(found.get("progress") or found.get("status_text") or "").strip()
            if text and text != told:
                told = text
                tell(text)
            state = found.get("status")
            if state == _DONE:
                return
            if state in (_FAILED, _CONFLICT, _PARTLY):
                raise PackageRefused(
                    f"{self.id.split('/')[-1]} did not take the package: {text or 'it says not why'}.",
                    hint=f"See: {where}/api/deployments/{found.get('id', 'latest')}/log",
                )
            self._sleep(_POLL_S)
        raise TimedOut(
            f"{self.id.split('/')[-1]} has not taken the package within {_LIMIT_S // 60} minutes.",
            hint="It may still come. Run the same command again.",
        )

    def _deployment(self, status: str) -> Document:
        """How it is; nothing while the site's publishing side restarts, as it does with the site."""
        try:
            response = self._transfer.ask_once(status, "asking how the deployment is", allowed=(404,))
            found = response.json() if response.status_code in (200, 202) else {}
        except (Transient, TimedOut, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def _status_address(answer: HttpResponse) -> str:
    """Where a deployment tells how it is: at the named address, at the id that a flex plan answers with, or
    as the latest.
    """
    if location := answer.headers.get("Location"):
        return str(location)
    named = re.fullmatch(r'\s*"?([\w-]{8,64})"?\s*', answer.text())
    return f"/api/deployments/{named[1] if named else 'latest'}"


def _refused(name: str, error: SignInFailed) -> AnomalyctlError:
    """An app's front refuses an address with 403 and names it; its publishing side says 401 to no role."""
    response = getattr(error.__cause__, "response", None)
    headers = {} if response is None else response.headers
    if isinstance(error, NotAllowed):
        seen = str(headers.get("x-ms-forbidden-ip", "")).strip("[]")
        return NotAllowed(
            f"{name} lets nobody publish from {seen or 'here'}: {error.message}",
            azure_code=IP_FORBIDDEN if headers.get("x-ms-forbidden-ip") else error.azure_code,
            hint="Is this machine's address in operator_ip_addresses, and is your role on the app "
            "Website Contributor or more?",
        )
    if response is None:
        return error
    return NotAllowed(
        f"{name} does not let this identity publish: {error.message}",
        azure_code=error.code,
        hint="Ask for the role Website Contributor on the app; a role takes minutes to arrive.",
    )
