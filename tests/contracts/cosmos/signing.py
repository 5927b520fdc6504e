"""Signed headers for requests that the SDK would not send."""

from __future__ import annotations

import base64
import hashlib
import hmac
from email.utils import formatdate
from urllib.parse import quote


def signed_headers(
    key: str, verb: str, resource_type: str, link: str, *, date: str | None = None
) -> dict[str, str]:
    """Date, version and authorization by the master key."""
    date = date or formatdate(usegmt=True)
    payload = f"{verb.lower()}\n{resource_type.lower()}\n{link}\n{date.lower()}\n\n"
    digest = hmac.new(base64.b64decode(key), payload.encode(), hashlib.sha256).digest()
    token = quote(f"type=master&ver=1.0&sig={base64.b64encode(digest).decode()}", safe="-_.!~*'()")
    return {"authorization": token, "x-ms-date": date, "x-ms-version": "2020-07-15"}
