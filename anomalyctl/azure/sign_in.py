"""Who we are to Azure: signed in exactly as Terraform would be, so that one success means the other."""

from __future__ import annotations

import base64
import binascii
import json
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenCredential, TokenRequestOptions
from azure.core.exceptions import ClientAuthenticationError

from anomalyctl.azure.cloud import Cloud
from anomalyctl.errors import SignInFailed, Transient, Unreachable
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import RESOURCE_MANAGER
from anomalyctl.resilience.settings import in_force
from anomalyctl.resilience.token_requests import OneTry

_TRUE = {"1", "true"}
_RENEW_BEFORE_S = 300
_MESSAGE_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class SignIn:
    """A way to get tokens. `renewable` is false where the sign-in cannot outlive its first token."""

    credential: TokenCredential
    way: str
    renewable: bool = True


@dataclass(frozen=True, slots=True)
class Principal:
    """Whose a token is."""

    object_id: str
    tenant_id: str
    name: str
    kind: Literal["User", "ServicePrincipal"]
    expires_at: datetime


def sign_in(environ: Mapping[str, str], cloud: Cloud, *, tenant_id: str = "") -> SignIn:
    """The credential that Terraform's ARM_* variables describe; without any, the Azure CLI's.

    Tokens are kept until five minutes before they expire: the Azure CLI takes a second for each.
    Raises SignInFailed where the variables are not complete.
    """
    tenant = environ.get("ARM_TENANT_ID") or tenant_id
    chosen = _service_principal(environ, cloud, tenant) or _managed_identity(environ, cloud)
    if chosen is None:
        from anomalyctl.azure.cli_sign_in import AzureCliSignIn

        chosen = SignIn(AzureCliSignIn(tenant_id=tenant, process_timeout=30), "the Azure CLI")
    return SignIn(KeptTokens(chosen.credential), chosen.way, chosen.renewable)


def principal_of(credential: TokenCredential, cloud: Cloud) -> Principal:
    """Whose credential it is, read from its token: no directory is asked. Raises SignInFailed, Transient."""
    guard = Guard(in_force(RESOURCE_MANAGER).interactive())
    token = guard.call(lambda: token_for(credential, f"{cloud.audience}/.default"))
    try:
        claims = _claims(token.token)
        return Principal(
            object_id=str(claims["oid"]),
            tenant_id=str(claims["tid"]),
            name=str(claims.get("upn") or claims.get("unique_name") or claims.get("appid") or claims["oid"]),
            # Without a person there is neither a name nor a scope that a person agreed to.
            kind="User" if {"scp", "upn", "unique_name"} & claims.keys() else "ServicePrincipal",
            expires_at=datetime.fromtimestamp(token.expires_on, UTC),
        )
    except (KeyError, ValueError, IndexError, binascii.Error) as error:
        raise SignInFailed(
            "The token for Azure does not say whose it is.", hint="Sign in again: az login"
        ) from error


def token_for(credential: TokenCredential, scope: str) -> AccessToken:
    """A token. Asks once; raises SignInFailed with the next step, Transient for what may heal."""
    try:
        return credential.get_token(scope)
    except ClientAuthenticationError as error:
        raise _refused(error) from error


class KeptTokens:
    """A credential that asks its inner one once per scope, however many threads ask."""

    def __init__(self, inner: TokenCredential, *, clock: Callable[[], float] = time.time) -> None:
        self._inner = inner
        self._clock = clock
        self._locks: defaultdict[tuple[str, ...], threading.Lock] = defaultdict(threading.Lock)
        self._kept: dict[tuple[str, ...], AccessToken] = {}

    def get_token(
        self, *scopes: str, claims: str | None = None, tenant_id: str | None = None, **options: Any
    ) -> AccessToken:
        """A kept token, or a new one where claims are asked for or the kept one ends soon."""
        with self._locks[scopes]:  # a token for blobs need not wait for one for Resource Manager
            kept = self._kept.get(scopes)
            if claims or kept is None or kept.expires_on - self._clock() < _RENEW_BEFORE_S:
                kept = self._inner.get_token(*scopes, claims=claims, tenant_id=tenant_id, **options)
                self._kept[scopes] = kept
            return kept

    def get_token_info(self, *scopes: str, options: TokenRequestOptions | None = None) -> AccessTokenInfo:
        """The same, in the newer form of azure-core."""
        options = options or {}
        token = self.get_token(*scopes, claims=options.get("claims"), tenant_id=options.get("tenant_id"))
        return AccessTokenInfo(token.token, token.expires_on)

    def close(self) -> None:
        """Close the connections of the inner credential."""
        close = getattr(self._inner, "close", None)
        if close:
            close()


def _service_principal(environ: Mapping[str, str], cloud: Cloud, tenant: str) -> SignIn | None:
    secret = environ.get("ARM_CLIENT_SECRET") or _content_of(environ.get("ARM_CLIENT_SECRET_FILE_PATH"))
    certificate = environ.get("ARM_CLIENT_CERTIFICATE_PATH")
    federated = _is_true(environ, "ARM_USE_OIDC")
    if _is_true(environ, "ARM_USE_AKS_WORKLOAD_IDENTITY"):
        from azure.identity import WorkloadIdentityCredential

        try:
            return SignIn(OneTry(WorkloadIdentityCredential, **_options(cloud)), "a workload identity")
        except ValueError as error:
            raise SignInFailed(
                "ARM_USE_AKS_WORKLOAD_IDENTITY is set, but this is no pod with a workload identity.",
                hint="Label the pod azure.workload.identity/use=true, or unset the variable.",
            ) from error
    if not (secret or certificate or federated):
        return None
    client = environ.get("ARM_CLIENT_ID") or _content_of(environ.get("ARM_CLIENT_ID_FILE_PATH"))
    for variable, value in (("ARM_CLIENT_ID", client), ("ARM_TENANT_ID", tenant)):
        if not value:
            raise SignInFailed(
                f"A service principal is to sign in, but {variable} is not set.",
                hint=f"Set {variable}, or unset the other ARM_CLIENT_* variables and run az login.",
            )
    from azure.identity import CertificateCredential, ClientAssertionCredential, ClientSecretCredential

    options = _options(cloud)
    if certificate:
        password = environ.get("ARM_CLIENT_CERTIFICATE_PASSWORD") or None
        return SignIn(
            OneTry(CertificateCredential, tenant, client, certificate, password=password, **options),
            "a service principal's certificate",
        )
    if secret:
        credential = OneTry(ClientSecretCredential, tenant, client, secret, **options)
        return SignIn(credential, "a service principal's secret")
    assertion, renewable = _assertion(environ)
    return SignIn(
        OneTry(ClientAssertionCredential, tenant, client, assertion, **options),
        "a federated identity (OIDC)",
        renewable,
    )


def _managed_identity(environ: Mapping[str, str], cloud: Cloud) -> SignIn | None:
    if not _is_true(environ, "ARM_USE_MSI"):
        return None
    from azure.identity import ManagedIdentityCredential

    client = environ.get("ARM_CLIENT_ID") or None
    return SignIn(OneTry(ManagedIdentityCredential, client_id=client), "a managed identity")


def _assertion(environ: Mapping[str, str]) -> tuple[Callable[[], str], bool]:
    """How to get the outer token, and whether it can be had again."""
    if address := environ.get("ARM_OIDC_REQUEST_URL") or environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        bearer = environ.get("ARM_OIDC_REQUEST_TOKEN") or environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
        return lambda: _runner_token(address, bearer), True
    if path := environ.get("ARM_OIDC_TOKEN_FILE_PATH") or environ.get("AZURE_FEDERATED_TOKEN_FILE"):
        return lambda: _content_of(path), True
    if token := environ.get("ARM_OIDC_TOKEN"):
        return lambda: token, False
    raise SignInFailed(
        "ARM_USE_OIDC is set, but no token, file or address to get one from.",
        hint="Give the job the permission id-token: write, or set ARM_OIDC_TOKEN_FILE_PATH.",
    )


def _runner_token(address: str, bearer: str) -> str:
    import httpx

    try:
        answer = httpx.get(
            address,
            params={"audience": "api://AzureADTokenExchange"},
            headers={"Authorization": f"Bearer {bearer}"},
            timeout=10.0,
        )
        return str(answer.raise_for_status().json()["value"])
    except httpx.HTTPStatusError as error:
        if error.response.status_code == 429 or error.response.status_code >= 500:
            raise Transient(
                f"The runner answered {error.response.status_code} for a token to sign in with.",
                hint="Run it again.",
            ) from error
        raise _no_outer_token() from error
    except httpx.TransportError as error:
        raise Unreachable(
            f"The runner, asked for a token to sign in with, does not answer: {error or 'cut off'}",
            hint="Run it again.",
        ) from error
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise _no_outer_token() from error


def _no_outer_token() -> SignInFailed:
    return SignInFailed(
        "The runner handed out no token to sign in with.", hint="Give the job the permission id-token: write."
    )


def _options(cloud: Cloud) -> dict[str, Any]:
    options: dict[str, Any] = {"authority": cloud.authority, "disable_instance_discovery": cloud.private}
    return options | ({"connection_verify": cloud.ca_bundle} if cloud.ca_bundle else {})


def _content_of(path: str | None) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SignInFailed(
            f"{path} cannot be read: {error.strerror}.", hint="Mend the path in the ARM_* variable."
        ) from error


def _is_true(environ: Mapping[str, str], variable: str) -> bool:
    return environ.get(variable, "").lower() in _TRUE


def _claims(token: str) -> dict[str, Any]:
    body = token.split(".")[1]
    found = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    if not isinstance(found, dict):
        raise ValueError("no claims")
    return found


def _refused(error: Exception) -> SignInFailed:
    said = str(getattr(error, "message", error)).strip().splitlines()
    first = (said[0] if said else type(error).__name__)[:_MESSAGE_CHARACTERS]
    hint = "Sign in: az login" if "az login" in str(error) or "Azure CLI" in str(error) else ""
    return SignInFailed(f"Azure does not let us in: {first}", hint=hint or "Check the ARM_* variables.")
