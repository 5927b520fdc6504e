"""What Terraform says is read as it comes, and nothing of it is lost."""

from __future__ import annotations

import json

import pytest

from anomalyctl.errors import (
    PreconditionFailed,
)
from anomalyctl.provisioning.events import (
    Diagnostic,
    Message,
    diagnostics_in_text,
    parse_event,
)
from anomalyctl.provisioning.tailing import Tail


def event(kind, **body):
    return parse_event(json.dumps({"@message": "m", "type": kind, **body}))


def test_unknown_events_and_lines_that_are_no_json_are_kept_by_their_message():
    assert event("policy_something", x=1) == Message("policy_something", "m")
    assert parse_event("Warning: not JSON") == Message("text", "Warning: not JSON")
    assert parse_event("[1]") == Message("text", "[1]")
    assert event("version", ui="1.9", terraform="1.16.0") == Message("version", "m")


def test_another_major_version_of_the_stream_is_refused():
    with pytest.raises(PreconditionFailed, match=r"version 2\.0"):
        event("version", ui="2.0")


def test_a_diagnostic_tells_where():
    found = event(
        "diagnostic",
        diagnostic={
            "severity": "error",
            "summary": "Bad",
            "detail": "very",
            "address": "a.b",
            "range": {"filename": "main.tf", "start": {"line": 3}},
        },
    )
    assert found == Diagnostic("error", "Bad", "very", "a.b", "main.tf:3")


def test_the_errors_of_a_command_without_json_are_found_in_their_boxes():
    warning = "\n╷\n│ Warning: Old\n│ \n│ It is.\n╵\n"
    text = warning + "╷\n│ Error: Invalid target address\n│ \n│ No matching objects.\n╵\n"
    assert diagnostics_in_text(text) == [
        Diagnostic("warning", "Old", "It is."),
        Diagnostic("error", "Invalid target address", "No matching objects."),
    ]


def test_a_half_written_line_waits_for_its_end(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"one\ntw")
    tail = Tail(path)
    assert tail.lines() == ["one"]
    with path.open("ab") as file:
        file.write(b"o\nthree")
    assert tail.lines() == ["two"]
    assert tail.lines(final=True) == ["three"]
    tail.close()
