"""The door to Cosmos DB: one client per process, the SDK's own retries off (ours are in `resilience`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from anomalyctl.errors import InvalidInput
from anomalyctl.resilience.policies import DATABASE

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.cosmos import CosmosClient


def connect_cosmos(
    connection_string: str,
    *,
    credential: TokenCredential | None = None,
    ca_bundle: str = "",
    timeout_s: float = DATABASE.timeout_s,
) -> CosmosClient:
    """A client for `AccountEndpoint=…;AccountKey=…;`. Without a key Entra signs in: `credential`, or this
    process's own identity. `ca_bundle` is a PEM file in place of the system's authorities, `timeout_s` how
    long one answer may take.

    Nothing is sent before the first use, except the account's address list. Raises `InvalidInput` for a
    string of neither form.
    """
    from azure.cosmos import CosmosClient, SSLConfiguration

    from anomalyctl.stores.cosmos_encoding import encode_quickly
    from anomalyctl.stores.cosmos_errors import cosmos_errors
    from anomalyctl.stores.cosmos_transport import OnceTransport
    from anomalyctl.stores.credentials import service_credential

    encode_quickly()
    endpoint, key = parse_connection_string(connection_string)
    # Alone, `connection_verify` is read as yes or no.
    trust: dict[str, Any] = {"connection_verify": ca_bundle, "ssl_config": SSLConfiguration()}
    trust = trust if ca_bundle else {}
    with cosmos_errors("connect to Cosmos DB"):
        return CosmosClient(
            endpoint,
            credential=key or credential or service_credential(),
            connection_timeout=5,
            read_timeout=timeout_s,
            retry_total=0,
            retry_connect=0,
            retry_read=0,
            retry_status=0,
            # 0 would mean "the default" (9 tries) to the SDK.
            retry_throttle_total=-1,
            # What no option turns off.
            transport=OnceTransport(),
            **trust,
        )


def parse_connection_string(text: str) -> tuple[str, str]:
    """Endpoint and key; the key is "" when the string is an endpoint alone."""
    text = text.strip()
    if text.startswith(("http://", "https://")) and ";" not in text:
        return text, ""
    parts: dict[str, str] = {}
    for piece in text.split(";"):
        name, separator, value = piece.partition("=")
        if separator:
            parts[name.strip().lower()] = value.strip()
    endpoint = parts.get("accountendpoint", "")
    if not endpoint.startswith(("http://", "https://")):
        raise InvalidInput(
            "The Cosmos DB connection string names no AccountEndpoint.",
            field="COSMOS_DB_CONNECTION_STRING",
            hint="Use AccountEndpoint=https://…;AccountKey=…; or the endpoint alone to sign in with Entra.",
        )
    return endpoint, parts.get("accountkey", "")
