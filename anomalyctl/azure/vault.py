"""One secret of the vault, read or written by this process alone: it is kept in memory and nowhere else."""

from __future__ import annotations

from typing import Final

from azure.core.credentials import TokenCredential

from anomalyctl.azure.cloud import Cloud
from anomalyctl.azure.rest import Rest
from anomalyctl.resilience.policies import VAULT

_API: Final = "7.4"


def read_secret(vault_uri: str, name: str, credential: TokenCredential, cloud: Cloud) -> str:
    """The present value of a secret. Raises what `Rest` raises."""
    with Rest(vault_uri, f"{cloud.vault_audience}/.default", credential, cloud, policy=VAULT) as vault:
        found = vault.get(f"/secrets/{name}", f"reading {name} from the vault", **{"api-version": _API})
    return str(found["value"])


def write_secret(vault_uri: str, name: str, value: str, credential: TokenCredential, cloud: Cloud) -> None:
    """Give a secret a new version, as Terraform would: text, with its tags. Raises what `Rest` raises."""
    with Rest(vault_uri, f"{cloud.vault_audience}/.default", credential, cloud, policy=VAULT) as vault:
        before = vault.get(f"/secrets/{name}", f"reading {name} from the vault", **{"api-version": _API})
        body = {"value": value, "contentType": "text/plain", "tags": before.get("tags") or {}}
        vault.put(f"/secrets/{name}", body, f"writing {name} to the vault", **{"api-version": _API})
