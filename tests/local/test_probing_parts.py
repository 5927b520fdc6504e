"""What a part's own words become in one line of `status`."""

from __future__ import annotations

import pytest

from anomalyctl.local.probing import _reason


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"detail": "no model yet"}', "no model yet"),
        (
            b'{"status": "away", "parts": [{"part": "redis", "state": "away", "detail": "Redis is silent."},'
            b'{"part": "cosmos", "state": "ok", "detail": "Answers."}]}',
            "Redis is silent.",
        ),
        (b'{"parts": [1]}', '{"parts": [1]}'),
        (b"<html>", "with a web page"),
        (b"broken\n pipe", "broken pipe"),
    ],
)
def test_the_reason_is_what_the_part_says_of_what_is_unwell(body: bytes, told: str) -> None:
    assert _reason(body) == told
