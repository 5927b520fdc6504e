"""What OpenAPI tells beyond the models: the request as it is really read, and every refusal."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from anomalyctl.telemetry.validation import LARGEST_VALUE, LONGEST_KEY, MOST_KEYS
from detector_service.bodies import MOST_READINGS_OF_ALL
from detector_service.schemas import DetectRequest, Problem

_READING: Final = {
    "type": "object",
    "description": "`timestamp`, and finite numbers by tag; every core tag of the source's registry.",
    "required": ["timestamp"],
    "properties": {"timestamp": {"type": "string", "format": "date-time"}},
    "propertyNames": {"minLength": 1, "maxLength": LONGEST_KEY},
    "additionalProperties": {"type": "number", "minimum": -LARGEST_VALUE, "maximum": LARGEST_VALUE},
    "minProperties": 2,
    "maxProperties": MOST_KEYS,
}
_READINGS: Final = {
    "type": "array",
    "description": "Of one source, oldest first; 120 at most, 8,640 with `scope=all`.",
    "minItems": 1,
    "maxItems": MOST_READINGS_OF_ALL,
    "items": _READING,
}


def _request() -> dict[str, Any]:
    schema = DetectRequest.model_json_schema()
    schema["properties"]["readings"] = _READINGS
    return {**schema, "additionalProperties": False}


REQUEST_BODY: Final = {"required": True, "content": {"application/json": {"schema": _request()}}}


def problem_answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Refusals for `responses`: problem+json, with what a caller finds in the header."""
    return {status: _refusal(HTTPStatus(status)) for status in statuses}


def _refusal(status: HTTPStatus) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "description": status.phrase,
        "content": {"application/problem+json": {"schema": Problem.model_json_schema()}},
    }
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        answer["headers"] = {
            "Retry-After": {
                "description": "Seconds to wait.",
                "required": True,
                "schema": {"type": "integer", "minimum": 1},
            }
        }
    if status == HTTPStatus.UNAUTHORIZED:
        answer["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"const": "Bearer"}}}
    return answer
