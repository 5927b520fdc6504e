"""A request and an answer, as the operations see them; the headers that every answer carries."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import orjson
from starlette.requests import Request

from anomalyctl.local.cosmos.failures import CosmosFailure, bad_request

_VERSION = "anomalyctl-local"


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `segments` is its path in pieces, decoded; header names are in lower case."""

    method: str
    segments: tuple[str, ...]
    headers: Mapping[str, str]
    content: bytes
    base_url: str

    @classmethod
    def of(
        cls, method: str, raw_path: bytes, headers: Mapping[str, str], content: bytes, base_url: str
    ) -> Call:
        """From what the server received."""
        pieces = raw_path.decode("ascii", "replace").split("?")[0].split("/")
        return cls(method, tuple(unquote(piece) for piece in pieces if piece), headers, content, base_url)

    @property
    def shape(self) -> str:
        """The path without its names: `dbs/*/colls/*/docs`."""
        return "/".join("*" if place % 2 else piece for place, piece in enumerate(self.segments))

    @property
    def resource(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The resource type and the resource link, each in the spellings that SDKs sign."""
        if not self.segments:
            return ("",), ("",)
        if self.segments[4:5] == ("operations",):
            return ("partitionkey", "colls"), _spellings(self.segments[:4])
        if len(self.segments) % 2:
            return (self.segments[-1],), _spellings(self.segments[:-1])
        return (self.segments[-2],), _spellings(self.segments)

    def json(self) -> Any:
        """The body. Raises a 400 failure where it is no JSON."""
        try:
            return orjson.loads(self.content)
        except orjson.JSONDecodeError as error:
            raise bad_request(f"The input content is invalid: it is not JSON ({error}).") from None

    def json_object(self) -> dict[str, Any]:
        """The body, where it has to be an object. Raises a 400 failure."""
        if not isinstance(found := self.json(), dict):
            raise bad_request("The input content is invalid: a JSON object is expected.")
        return found

    def is_set(self, header: str) -> bool:
        """Whether the header says true."""
        return self.headers.get(header, "").lower() == "true"


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; `charge` is in request units."""

    status: int
    body: bytes = b""
    charge: float = 1.0
    headers: dict[str, str] = field(default_factory=dict)


def answer_json(value: Any, status: int = 200, *, etag: str | None = None, charge: float = 1.0) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, orjson.dumps(value), charge, {"etag": etag} if etag else {})


def answer_failure(failure: CosmosFailure, activity_id: str) -> Answer:
    """A refusal as Cosmos sends it."""
    headers = {"x-ms-substatus": str(failure.substatus)} if failure.substatus else {}
    if failure.retry_after_ms is not None:
        headers["x-ms-retry-after-ms"] = str(failure.retry_after_ms)
    return Answer(
        failure.status, failure.body(activity_id), 0.0 if failure.status in (401, 403, 429) else 1.0, headers
    )


def common_headers(call: Call, answer: Answer, activity_id: str) -> dict[str, str]:
    """All headers of an answer, its own included."""
    return {
        "content-type": "application/json",
        "x-ms-activity-id": activity_id,
        "x-ms-request-charge": f"{answer.charge:g}",
        "x-ms-serviceversion": f"version={_VERSION}",
        "x-ms-gatewayversion": f"version={_VERSION}",
        "x-ms-schemaversion": "1.19",
        **answer.headers,
    }


def activity_of(headers: Mapping[str, str]) -> str:
    """The client's activity id, echoed; one of our own where it sent none."""
    return headers.get("x-ms-activity-id") or str(uuid.uuid4())


async def read_bounded(request: Request, largest: int) -> bytes | None:
    """The body; None as soon as it is larger than `largest` bytes, or says that it will be."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > largest:
        return None
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > largest:
            return None
        parts.append(part)
    return b"".join(parts)


def _spellings(segments: tuple[str, ...]) -> tuple[str, ...]:
    link = "/".join(segments)
    # A link by resource ids is signed as its last id alone, in lower case.
    return tuple(dict.fromkeys((link, segments[-1].lower() if segments else "")))
