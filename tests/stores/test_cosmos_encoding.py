"""The SDK's bodies through orjson: the same text, quicker."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure.cosmos import _synchronized_request as requests

from anomalyctl.stores.cosmos_encoding import QuickJson, encode_quickly


@pytest.mark.parametrize(
    "body",
    [
        {"id": "a", "value": 0.1, "none": None, "list": [1, 2.5, True], "deep": {"x": [{}]}},
        [{"operationType": "Upsert", "resourceBody": {"context": "25 °C and × 2"}}],
        {"large": 2**70},
        {1: "a key that is no text"},
        {"tiny": 5e-324, "huge": 1.7976931348623157e308, "negative": -0.0},
    ],
)
def test_the_text_means_the_same(body: Any) -> None:
    quick = QuickJson.dumps(body, separators=(",", ":"))
    assert isinstance(quick, str)
    assert quick.isascii()
    assert json.loads(quick) == json.loads(json.dumps(body))


def test_the_sdk_in_use_encodes_with_it() -> None:
    assert encode_quickly(), "the SDK is built otherwise now: look how it encodes, or drop cosmos_encoding.py"
    assert requests._request_body_from_data({"a": [1, "b"]}) == '{"a":[1,"b"]}'


def test_an_sdk_that_is_built_otherwise_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "json", object())
    assert not encode_quickly()
