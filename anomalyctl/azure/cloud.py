"""Which Azure: the public one, or addresses that the operator names. The sovereign ones are refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from anomalyctl.errors import InvalidInput, PreconditionFailed


@dataclass(frozen=True, slots=True)
class Cloud:
    """The addresses of one Azure. All are `https`; `ca_bundle` is a PEM file, or empty for the system's."""

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


PUBLIC: Final = Cloud(
    resource_manager="https://management.azure.com",
    audience="https://management.azure.com",
    authority="https://login.microsoftonline.com",
    blob_suffix="blob.core.windows.net",
    portal="https://portal.azure.com",
    vault_audience="https://vault.azure.net",
    logs="https://api.loganalytics.azure.com",
    logs_audience="https://api.loganalytics.io",
)
SOVEREIGN: Final = ("usgovernment", "china")
"""As Terraform's azurerm names them."""


def cloud_from(environ: Mapping[str, str]) -> Cloud:
    """The public cloud, with the addresses of ANOMALYCTL_AZURE_*.

    ANOMALYCTL_AZURE_RESOURCE_MANAGER, _AUDIENCE, _AUTHORITY, _LOGS, _BLOBS (a suffix, or an address that
    takes the account's name as its first path segment) and _CA_BUNDLE replace single addresses: a
    disconnected Azure, a proxy with its own certificates, a test. Raises InvalidInput naming the variable;
    PreconditionFailed where ARM_ENVIRONMENT names a sovereign cloud: DNS zones and addresses of terraform/
    are the public one's, so that what would be deployed there could not find itself.
    """
    name = environ.get("ARM_ENVIRONMENT") or "public"
    if name.lower() in SOVEREIGN:
        raise PreconditionFailed(
            f"ARM_ENVIRONMENT names the cloud {name}, and this system is made for the public Azure.",
            hint="Unset ARM_ENVIRONMENT. The DNS zones and addresses of terraform/ are the public cloud's.",
        )
    if name.lower() != "public":
        raise InvalidInput(
            f"ARM_ENVIRONMENT names no cloud that is known: “{name}”.",
            field="ARM_ENVIRONMENT",
            hint="Unset it: this system is made for the public Azure.",
        )
    cloud = PUBLIC
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
