"""A page of results, as bytes of JSON that need no second rendering."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from anomalyctl.local.cosmos.failures import bad_request

MAX_PAGE_BYTES = 4 * 1_048_576
_DEFAULT_ITEMS = 100
_MOST_ITEMS = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """Documents, the token of what follows (none: this was the last), and the container's latest write."""

    documents: list[bytes]
    continuation: str | None
    lsn: int

    @property
    def size(self) -> int:
        """Bytes of the documents."""
        return sum(map(len, self.documents))

    def body(self, rid: str, feed: str = "Documents") -> bytes:
        """`{"_rid", feed, "_count"}`."""
        head, count = f'{{"_rid":"{rid}","{feed}":['.encode(), str(len(self.documents)).encode()
        return head + b",".join(self.documents) + b'],"_count":' + count + b"}"


def page_limit(headers: Mapping[str, str]) -> int:
    """`x-ms-max-item-count`: 100 where it is missing; -1 leaves it to the server. Raises a 400 failure."""
    try:
        wanted = int(headers.get("x-ms-max-item-count") or _DEFAULT_ITEMS)
    except ValueError:
        wanted = 0
    if wanted == 0 or wanted < -1:
        raise bad_request("x-ms-max-item-count is a positive number, or -1.")
    return _MOST_ITEMS if wanted == -1 else wanted
