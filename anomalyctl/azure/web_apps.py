"""Sites of App Service and Functions: sending a package with Entra, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from anomalyctl.azure.failures import AzureRefused, NotAllowed
from anomalyctl.azure.resource_manager import Document, ResourceManager
from anomalyctl.azure.transfer import Transfer
from anomalyctl.errors import AnomalyctlError, Locked, NotDeployed, TimedOut

SITES_API: Final = "2023-12-01"
_DONE, _FAILED, _CONFLICT, _PARTLY = 4, 3, 5, 6
"""States of a deployment, as Kudu counts them; every other one is on its way."""
_POLL_S: Final = 5.0
_LIMIT_S: Final = 1200
_BUSY_TRIES: Final = 30


class PackageRefused(AnomalyctlError):
    """The site did not take the package; what ran before goes on."""

    code = "package_refused"


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
        answer = self._send(f"{where}{path}", package, query)
        status = answer.get("Location") or f"{where}/api/deployments/latest"
        self._wait(status if "://" in status else f"{where}{status}", where, tell)

    def host_state(self) -> str:
        """What the Functions host says of itself: `Running`, or what is wrong; "" where it is silent."""
        try:
            found = self._manager.get(f"{self.id}/hostruntime/admin/host/status", SITES_API)
        except AzureRefused:
            return ""
        errors = (found or {}).get("errors") or ()
        return "; ".join(map(str, errors)) or str((found or {}).get("state", ""))

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

    def _send(self, address: str, package: Path, query: dict[str, str]) -> dict[str, str]:
        for _ in range(_BUSY_TRIES):
            try:
                response = self._transfer.send(
                    "POST",
                    address,
                    f"publishing to {self.id.split('/')[-1]}",
                    file=package,
                    headers={"Content-Type": "application/zip"},
                    query=query,
                )
            except AzureRefused as error:
                if error.status != 409:
                    raise
                self._sleep(_POLL_S)
                continue
            except NotAllowed as error:
                name = self.id.split("/")[-1]
                raise NotAllowed(
                    f"{name} lets nobody publish from here: {error.message}",
                    azure_code=error.azure_code,
                    hint="Is this machine's address in operator_ip_addresses, and is your role on the app "
                    "Website Contributor or more?",
                ) from error
            return dict(response.headers)
        raise Locked(
            f"Another deployment to {self.id.split('/')[-1]} goes on.", hint="Try again in a few minutes."
        )

    def _wait(self, status: str, where: str, tell: Callable[[str], None]) -> None:
        told = ""
        for _ in range(int(_LIMIT_S / _POLL_S)):
            response = self._transfer.send("GET", status, "asking how the deployment is", allowed=(404,))
            found: Document = response.json() if response.status_code in (200, 202) else {}
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
