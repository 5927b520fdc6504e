"""The sign-in of the stand-in: tokens as Entra's, and what azure-identity and services ask about them."""

from __future__ import annotations

import base64
import json
import time
import urllib.parse
from dataclasses import dataclass, field
from typing import Any

import jwt
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

TENANT = "11111111-1111-4111-8111-111111111111"
OPERATOR = "22222222-2222-4222-8222-222222222222"
CLIENT = "33333333-3333-4333-8333-333333333333"
SECRET = "a-secret-of-the-stand-in"  # pragma: allowlist secret
STORAGE_AUDIENCE = "https://storage.azure.com"


def token(audience: str, *, seconds: float = 3600, tenant: str = TENANT, **claims: Any) -> AccessToken:
    """A token for an audience, signed with the tenant's newest key."""
    now = int(time.time())
    body = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{tenant}/",
        "iat": now,
        "nbf": now - 60,
        "exp": now + int(seconds),
        "oid": OPERATOR,
        "tid": tenant,
        "ver": "1.0",
        **(
            {} if claims.get("idtyp") == "app" else {"upn": "kari@wells.example", "scp": "user_impersonation"}
        ),
        **claims,
    }
    encoded = jwt.encode(body, KEYS.newest, algorithm="RS256", headers={"kid": KEYS.newest_id})
    return AccessToken(encoded, now + int(seconds))


class TenantKeys:
    """The keys that the tenant signs with; the newest signs, all of them are shown."""

    def __init__(self) -> None:
        self._keys: list[Any] = []

    @property
    def newest(self) -> Any:
        """The key that signs now."""
        if not self._keys:
            self.rotate()
        return self._keys[-1]

    @property
    def newest_id(self) -> str:
        """Its id."""
        return f"stand-in-{len(self._keys)}" if self.newest else ""

    def rotate(self) -> None:
        """Sign with a new key from now on."""
        self._keys.append(rsa.generate_private_key(public_exponent=65537, key_size=2048))

    def document(self) -> dict[str, Any]:
        """As the tenant shows them."""
        told = [
            {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": f"stand-in-{number}", "use": "sig"}
            for number, key in enumerate(self._keys, 1)
        ]
        return {"keys": told}

    def verified(self, encoded: str, audience: str | list[str]) -> dict[str, Any]:
        """The claims of a token of ours for that audience. Raises jwt.InvalidTokenError."""
        number = int(jwt.get_unverified_header(encoded)["kid"].removeprefix("stand-in-"))
        return jwt.decode(
            encoded, self._keys[number - 1].public_key(), algorithms=["RS256"], audience=audience
        )


KEYS = TenantKeys()


def claims_of(encoded: str) -> dict[str, Any]:
    """What a token says; {} for what is no token."""
    try:
        body = encoded.split(".")[1]
        claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return {}
    return claims


@dataclass
class StandInCredential:
    """A credential of azure-core's shape, as the Azure CLI's would be."""

    seconds: float = 3600
    refusal: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """A token for the scope's audience, or the refusal."""
        self.asked.append(scopes[0])
        if self.refusal:
            raise ClientAuthenticationError(self.refusal)
        return token(scopes[0].removesuffix("/.default"), seconds=self.seconds, **self.claims)


async def answer(request: Request, address: str) -> Response | None:
    """The answers of https://login.microsoftonline.com, or None where it is not asked."""
    path = request.url.path
    if path == "/common/discovery/instance":
        return JSONResponse(
            {"tenant_discovery_endpoint": f"{address}/{TENANT}/v2.0/.well-known/openid-configuration"}
        )
    if path == f"/{TENANT}/v2.0/.well-known/openid-configuration":
        return JSONResponse(
            {
                "token_endpoint": f"{address}/{TENANT}/oauth2/v2.0/token",
                "authorization_endpoint": f"{address}/{TENANT}/oauth2/v2.0/authorize",
                "device_authorization_endpoint": f"{address}/{TENANT}/oauth2/v2.0/devicecode",
                "issuer": f"{address}/{TENANT}/v2.0",
                "jwks_uri": f"{address}/{TENANT}/discovery/v2.0/keys",
            }
        )
    if path == f"/{TENANT}/discovery/v2.0/keys":
        return JSONResponse(KEYS.document())
    if path != f"/{TENANT}/oauth2/v2.0/token":
        return None
    form = dict(urllib.parse.parse_qsl((await request.body()).decode()))
    known = form.get("client_id") == CLIENT and form.get("grant_type") == "client_credentials"
    if not known or form.get("client_secret") != SECRET:
        failure = {
            "error": "invalid_client",
            "error_description": "AADSTS7000215: Invalid client secret provided.",
        }
        return JSONResponse(failure, status_code=401)
    audience = form["scope"].removesuffix("/.default")
    given = token(audience, idtyp="app", appid=CLIENT)
    return JSONResponse(
        {"token_type": "Bearer", "expires_in": 3600, "ext_expires_in": 3600, "access_token": given.token}
    )
