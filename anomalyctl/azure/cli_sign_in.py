"""The Azure CLI's sign-in: without a network it has no token either, and that is no refusal."""

from __future__ import annotations

import re
import subprocess
from typing import Any, Final

from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import AzureCliCredential

from anomalyctl.errors import Transient, Unreachable

_NO_NETWORK: Final = re.compile(
    r"Max retries exceeded|Failed to (?:establish a new connection|resolve)|Name or service not known"
    r"|name resolution|Connection (?:aborted|reset|refused)|Read timed out"
)


class AzureCliSignIn(AzureCliCredential):
    """The credential of azure-identity; also raises Unreachable, and Transient where `az` takes too long."""

    def get_token(
        self, *scopes: str, claims: str | None = None, tenant_id: str | None = None, **options: Any
    ) -> AccessToken:
        """A token of whom `az login` signed in."""
        try:
            token: AccessToken = super().get_token(*scopes, claims=claims, tenant_id=tenant_id, **options)
        except ClientAuthenticationError as error:
            if isinstance(error.__cause__, subprocess.TimeoutExpired):
                raise Transient("The Azure CLI gave no token in time.", hint="Run it again.") from None
            if _NO_NETWORK.search(str(error)):
                raise Unreachable(
                    "There is no token: the Azure CLI cannot reach Entra.",
                    hint="Check the network, the proxy variables and DNS: az account get-access-token",
                ) from None
            raise
        return token
