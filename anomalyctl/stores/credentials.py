"""Who signs in to Redis and Cosmos DB where no key is used: a service's own identity, from azure-identity."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

REDIS_SCOPE: Final = "https://redis.azure.com/.default"
"""Azure Managed Redis and Azure Cache for Redis alike."""


def claims_of(token: str) -> dict[str, Any]:
    """What a JSON Web Token says, unverified: for a token of our own. Raises ValueError for anything else."""
    try:
        body = token.split(".")[1]
        found = orjson.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, binascii.Error) as error:
        raise ValueError("not a token") from error
    if not isinstance(found, dict):
        raise ValueError("no claims")
    return found


@lru_cache(maxsize=1)
def service_credential() -> TokenCredential:
    """The credential of this process, made once: both stores and all threads share its tokens."""
    return credential_from(os.environ)


def credential_from(environ: Mapping[str, str]) -> TokenCredential:
    """The managed identity AZURE_CLIENT_ID where Azure hosts us, else what azure-identity finds.

    The chain of DefaultAzureCredential would try five other ways first, and hide which one it took. Each
    request for a token is sent once: the guards of what needs it repeat it.
    """
    from anomalyctl.resilience.token_requests import OneTry

    if environ.get("IDENTITY_ENDPOINT"):  # App Service, Functions, Container Apps
        from azure.identity import ManagedIdentityCredential

        return OneTry(ManagedIdentityCredential, client_id=environ.get("AZURE_CLIENT_ID") or None)
    from azure.identity import DefaultAzureCredential

    return OneTry(DefaultAzureCredential)
