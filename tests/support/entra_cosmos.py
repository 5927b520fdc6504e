"""Azure's Cosmos DB without keys: our endpoint over TLS, behind a check of token and data role."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote

import jwt
from starlette.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from anomalyctl.local.cosmos.application import build_app
from anomalyctl.local.cosmos.authorization import MasterKey
from anomalyctl.local.cosmos.context import Settings
from tests.contracts.cosmos.signing import signed_headers
from tests.support.azure_stand_in.entra import KEYS, OPERATOR
from tests.support.certificates import Certificates, serving_https
from tests.support.cosmos_server import KEY

FIREWALL = (
    "Request originated from IP 203.0.113.9 through public internet. "
    "This is blocked by your Cosmos DB account firewall settings."
)


@dataclass
class EntraCosmos:
    """Address and rules of a running one. Tests read and change them."""

    address: str = ""
    roles: set[str] = field(default_factory=lambda: {OPERATOR})
    """Object ids with a data role."""
    behind_firewall: bool = False
    requests: int = 0

    def refusal(self, headers: dict[str, str]) -> tuple[int, str] | None:
        """What is answered to a request that does not count."""
        if self.behind_firewall:
            return 403, FIREWALL
        shown = dict(parse_qsl(unquote(headers.get("authorization", "")).replace("+", "%2B")))
        if shown.get("type") != "aad" or shown.get("ver") != "1.0":
            return 401, "Local authorization is disabled. Use an AAD token to authorize all requests."
        try:
            # The SDK asks for a token for the account's host, and for all accounts where that is unknown.
            audience = [self.address.rpartition(":")[0], "https://cosmos.azure.com"]
            claims = KEYS.verified(shown["sig"], audience)
        except (jwt.InvalidTokenError, ValueError, IndexError):
            return 401, "The provided AAD token is not valid."
        if claims["oid"] not in self.roles:
            needed = "[Microsoft.DocumentDB/databaseAccounts/readMetadata]"
            return 403, (
                f"Request blocked by Auth: principal [{claims['oid']}] does not have required RBAC "
                f"permissions to perform action {needed} on resource [/]."
            )
        return None


@contextmanager
def entra_cosmos(certificates: Certificates, folder: Path) -> Iterator[EntraCosmos]:
    """A running account whose data lies in `folder`."""
    rules = EntraCosmos()
    inner: Any = build_app(Settings(folder / "cosmos.sqlite", MasterKey(KEY), time.time))

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        rules.requests += 1
        if refused := rules.refusal(headers):
            status, message = refused
            code = "Unauthorized" if status == 401 else "Forbidden"
            await JSONResponse({"code": code, "message": message}, status)(scope, receive, send)
            return
        own = signed_headers(KEY, scope["method"], *_resource(scope["path"].strip("/")))
        kept = {name: value for name, value in headers.items() if name not in ("authorization", "x-ms-date")}
        signed = {**kept, "authorization": own["authorization"], "x-ms-date": own["x-ms-date"]}
        scope["headers"] = [(name.encode(), value.encode()) for name, value in signed.items()]
        await inner(scope, receive, send)

    # The SDK looks at no certificate of 127.0.0.1, where it takes every server for the emulator.
    with serving_https(application, certificates, host="127.0.0.2") as address:
        rules.address = address
        yield rules


def _resource(path: str) -> tuple[str, str]:
    """Type and link that a request for a path is signed with."""
    parts = path.split("/") if path else []
    if not parts:
        return "", ""
    if len(parts) % 2:
        return parts[-1], "/".join(parts[:-1])
    return parts[-2], path
