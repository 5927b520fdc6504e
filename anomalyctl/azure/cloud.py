"""Which Azure: the public one, a sovereign one, or addresses that the operator names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from anomalyctl.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Cloud:
    """The addresses of one Azure. All are `https`; `ca_bundle` is a PEM file, or empty for the system's."""

    name: str
    """As Terraform's azurerm backend names it: public, usgovernment or china."""
    resource_manager: str
    audience: str
    """What tokens for Resource Manager are asked for."""
    authority: str
    blob_suffix: str
    """Blobs are at https://<account>.<blob_suffix>; with a slash at its front, at https://<host>/<account>."""
    portal: str
    vault_audience: str
    """What tokens for Key Vault are asked for."""
    logs: str
    """Where Log Analytics answers queries."""
    logs_audience: str
    ca_bundle: str = ""
    private: bool = False
    """True where the authority is none that Microsoft's discovery knows."""

    def blob_endpoint(self, account: str) -> str:
        """The address of an account's blobs, without a slash at its end."""
        if "://" in self.blob_suffix:
            return f"{self.blob_suffix.rstrip('/')}/{account}"
        return f"https://{account}.{self.blob_suffix}"


CLOUDS: Final = {
    cloud.name: cloud
    for cloud in (
        Cloud(
            "public",
            "https://management.azure.com",
            "https://management.azure.com",
            "https://login.microsoftonline.com",
            "blob.core.windows.net",
            "https://portal.azure.com",
            "https://vault.azure.net",
            "https://api.loganalytics.azure.com",
            "https://api.loganalytics.io",
        ),
        Cloud(
            "usgovernment",
            "https://management.usgovcloudapi.net",
            "https://management.usgovcloudapi.net",
            "https://login.microsoftonline.us",
            "blob.core.usgovcloudapi.net",
            "https://portal.azure.us",
            "https://vault.usgovcloudapi.net",
            "https://api.loganalytics.us",
            "https://api.loganalytics.us",
        ),
        Cloud(
            "china",
            "https://management.chinacloudapi.cn",
            "https://management.chinacloudapi.cn",
            "https://login.chinacloudapi.cn",
            "blob.core.chinacloudapi.cn",
            "https://portal.azure.cn",
            "https://vault.azure.cn",
            "https://api.loganalytics.azure.cn",
            "https://api.loganalytics.azure.cn",
        ),
    )
}


def cloud_from(environ: Mapping[str, str]) -> Cloud:
    """The cloud that ARM_ENVIRONMENT names (as for Terraform), with the addresses of ANOMALYCTL_AZURE_*.

    ANOMALYCTL_AZURE_RESOURCE_MANAGER, _AUDIENCE, _AUTHORITY, _LOGS, _BLOBS (a suffix, or an address that
    takes the account's name as its first path segment) and _CA_BUNDLE replace single addresses: a
    disconnected Azure, a proxy with its own certificates, a test. Raises InvalidInput naming the variable.
    """
    name = environ.get("ARM_ENVIRONMENT") or "public"
    if name not in CLOUDS:
        raise InvalidInput(
            f"ARM_ENVIRONMENT names no cloud that is known: “{name}”.",
            field="ARM_ENVIRONMENT",
            hint=f"Known: {', '.join(CLOUDS)}.",
        )
    cloud = CLOUDS[name]
    authority = _address(environ, "AUTHORITY")
    return replace(
        cloud,
        resource_manager=_address(environ, "RESOURCE_MANAGER") or cloud.resource_manager,
        audience=environ.get("ANOMALYCTL_AZURE_AUDIENCE") or cloud.audience,
        authority=authority or cloud.authority,
        blob_suffix=environ.get("ANOMALYCTL_AZURE_BLOBS") or cloud.blob_suffix,
        logs=_address(environ, "LOGS") or cloud.logs,
        ca_bundle=environ.get("ANOMALYCTL_AZURE_CA_BUNDLE", ""),
        private=bool(authority),
    )


def _address(environ: Mapping[str, str], which: str) -> str:
    variable = f"ANOMALYCTL_AZURE_{which}"
    value = environ.get(variable, "").rstrip("/")
    if value and not value.startswith("https://"):
        raise InvalidInput(
            f"{variable} must begin with https://: tokens travel over TLS alone.", field=variable
        )
    return value
