"""Who may ask for verdicts: whoever shows the service's own token, or one that Entra gave out for it."""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import Final

import jwt

from detector_service.problems import Refused
from detector_service.settings import DetectorSettings
from detector_service.signing_keys import SigningKeys

_CLOCKS_APART_S: Final = 60
_LONGEST_TOKEN: Final = 16_384
_TOO_MANY: Final = (
    "The identity is in more groups than a token names, so none of them can be looked at: its own object id "
    "must be among operator_object_ids, or the application must tell only the groups that are assigned to it."
)
_REQUIRED: Final = ["exp", "iss", "aud", "tid"]


class Callers:
    """Thread-safe; one per process."""

    def __init__(self, settings: DetectorSettings, keys: SigningKeys | None = None) -> None:
        self._token = settings.detector_token.get_secret_value().encode()
        self._tenant = settings.azure_tenant_id
        self._authority = settings.azure_authority_host.rstrip("/")
        self._audiences = _spellings(settings.detector_audience)
        self._operators = frozenset(settings.operator_object_ids.replace(",", " ").split())
        self._keys = keys or SigningKeys(f"{self._authority}/{self._tenant}/discovery/v2.0/keys")

    def refusal(self, shown: str) -> Refused | None:
        """None for a bearer token that counts, else the answer (401, 403). Raises Transient where nobody can
        tell now.
        """
        try:
            self._admit(shown)
        except Refused as refused:
            return refused
        return None

    def _admit(self, shown: str) -> None:
        if hmac.compare_digest(shown.encode(), self._token):
            return
        if not self._audiences or shown.count(".") != 2 or len(shown) > _LONGEST_TOKEN:
            raise _refused("The bearer token is missing or wrong.")
        self._admit_entra(shown)

    def _admit_entra(self, shown: str) -> None:
        try:
            header = jwt.get_unverified_header(shown)
            if header.get("alg") != "RS256":
                raise _refused("The token is not signed as Entra signs.")
            key = self._keys.named(str(header.get("kid", "")))
            if key is None:
                raise _refused("The token is signed with a key that the tenant does not have.")
            claims = jwt.decode(
                shown,
                key,
                algorithms=["RS256"],
                audience=self._audiences,
                issuer=[f"{self._authority}/{self._tenant}/v2.0", f"https://sts.windows.net/{self._tenant}/"],
                leeway=_CLOCKS_APART_S,
                options={"require": _REQUIRED},
            )
        except jwt.ExpiredSignatureError:
            raise _refused("The token has ended.") from None
        except jwt.InvalidAudienceError:
            raise _refused("The token is for another service.") from None
        except jwt.InvalidIssuerError:
            raise _refused("The token is of another tenant.") from None
        except jwt.InvalidTokenError:
            raise _refused("The token is not valid.") from None
        if str(claims["tid"]).lower() != self._tenant:
            raise _refused("The token is of another tenant.")
        self._check_membership(claims)

    def _check_membership(self, claims: dict[str, object]) -> None:
        """Every account of a tenant can get a token for an application that does not ask for assignment."""
        groups = claims.get("groups")
        shown = {str(claims.get("oid", "")), *(map(str, groups) if isinstance(groups, list) else ())}
        if not shown & self._operators:
            why = _TOO_MANY if _leaves_groups_out(claims) else "The identity is no operator of this system."
            raise Refused(HTTPStatus.FORBIDDEN, why, field="authorization")


def _spellings(audience: str) -> list[str]:
    """A token of Entra's second version names the client id where the first names api://<client id>."""
    if not audience:
        return []
    plain = audience.removeprefix("api://")
    return sorted({audience, plain, f"api://{plain}"} if "/" not in plain else {audience})


def _leaves_groups_out(claims: dict[str, object]) -> bool:
    """Of who is in more than 200 groups, Entra names none: it says where to ask for them, which nobody here
    may.
    """
    elsewhere = claims.get("_claim_names")
    return bool(claims.get("hasgroups")) or (isinstance(elsewhere, dict) and "groups" in elsewhere)


def _refused(why: str) -> Refused:
    return Refused(HTTPStatus.UNAUTHORIZED, why, field="authorization")
