"""Who asks: the master-key signature of each request, checked in constant time."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl, unquote

from anomalyctl.local.cosmos.failures import CosmosFailure

_TOLERANCE_S = 900
"""How far the request's date may be from ours: 15 minutes, as in Cosmos."""


class MasterKey:
    """The account's key. `text` is base64, at least 32 bytes decoded; raises ValueError otherwise."""

    def __init__(self, text: str) -> None:
        try:
            self._key = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise ValueError("the key is not base64") from error
        if len(self._key) < 32:
            raise ValueError("the key has fewer than 32 bytes")

    def check(
        self, method: str, types: Sequence[str], links: Sequence[str], headers: Mapping[str, str], now: float
    ) -> None:
        """Raise the 401 or 403 failure of a request whose signature does not fit. `now` is epoch seconds.

        `types` and `links` are the spellings of the resource that SDKs sign. The signature is the base64 of
        the HMAC-SHA256 over five lines: verb, type, link, x-ms-date, date; all but the link in lower case.
        """
        token = dict(parse_qsl(unquote(headers.get("authorization", "")).replace("+", "%2B")))
        date = headers.get("x-ms-date") or headers.get("date")
        if token.get("type") != "master" or not token.get("sig"):
            raise _unauthorized("Required Header authorization is missing, or is not of the type master.")
        if not date:
            raise _unauthorized("Required Header x-ms-date is missing.")
        given = token["sig"].strip().encode()
        expected = [self._sign(method, kind, link, headers) for kind in types for link in links]
        # Every spelling is compared, so that the time taken tells nothing.
        if not sum(hmac.compare_digest(one, given) for one in expected):
            raise _unauthorized(
                "The input authorization token can't serve the request. The wrong key is being used or the "
                "expected payload is not built as per the protocol."
            )
        _check_date(date, now)

    def _sign(self, method: str, kind: str, link: str, headers: Mapping[str, str]) -> bytes:
        dated = headers.get("x-ms-date", "").lower()
        plain = "" if dated else headers.get("date", "").lower()
        payload = f"{method.lower()}\n{kind.lower()}\n{link}\n{dated}\n{plain}\n"
        return base64.b64encode(hmac.new(self._key, payload.encode(), hashlib.sha256).digest())


def _check_date(date: str, now: float) -> None:
    try:
        sent = parsedate_to_datetime(date).timestamp()
    except ValueError:
        raise _unauthorized("The format of the x-ms-date header is not valid.") from None
    if abs(sent - now) > _TOLERANCE_S:
        message = (
            "The authorization token is not valid at the current time. Please create another token and retry."
        )
        raise CosmosFailure(403, "Forbidden", message)


def _unauthorized(message: str) -> CosmosFailure:
    return CosmosFailure(401, "Unauthorized", message)
