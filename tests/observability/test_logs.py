"""Every line says when, how grave, who and about what, and none holds a secret."""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Iterator

import orjson
import pytest

from anomalyctl.observability.bound import bind, bound, new_trace_id
from anomalyctl.observability.logs import JsonLines, set_up_logging
from anomalyctl.observability.redaction import HIDDEN, Redactor

PLANTED = "pl4nted-s3cret-value"  # pragma: allowlist secret
ENVIRON = {
    "ANOMALYCTL_SERVICE": "functions",
    "ANOMALYCTL_ENV": "stage",
    "DETECTOR_TOKEN": PLANTED,
    "REDIS_CONNECTION_STRING": "redis.example:6380,password=r3dis/pass+word=",  # pragma: allowlist secret
    "REDIS_TRIGGER": "redis://:tr1gger%2Fpass@127.0.0.1:6379",  # pragma: allowlist secret
    "COSMOS_DB_CONNECTION_STRING": (
        "AccountEndpoint=https://c.example/;AccountKey=c0smos+key/==;"  # pragma: allowlist secret
    ),
    "AZURE_OPENAI_API_KEY": "0pen-ai-key-0123456789",  # pragma: allowlist secret
    "FASTAPI_ENDPOINT": "https://detectors.example",
}


def record(
    message: str, *arguments: object, level: int = logging.INFO, **extras: object
) -> logging.LogRecord:
    made = logging.LogRecord("anomalyctl.pipeline.drain", level, "", 0, message, arguments, None)
    made.__dict__.update(extras)
    return made


def line(made: logging.LogRecord) -> dict[str, object]:
    found = orjson.loads(JsonLines(ENVIRON).format(made))
    assert isinstance(found, dict)
    return found


def test_a_line_says_when_how_grave_who_and_about_what() -> None:
    trace_id = new_trace_id()
    with bind(trace_id=trace_id, run_id="r1"):
        found = line(record("judged %d", 3, reading_id="well-1:5", source="well-1"))
    assert str(found.pop("timestamp")).endswith("Z")
    assert found == {
        "level": "info",
        "service": "functions",
        "environment": "stage",
        "logger": "anomalyctl.pipeline.drain",
        "message": "judged 3",
        "reading_id": "well-1:5",
        "source": "well-1",
        "trace_id": trace_id,
        "run_id": "r1",
    }
    assert bound() == {}


def test_an_extra_that_nobody_knows_might_be_a_secret_and_stays_out() -> None:
    told = line(record("said", password="hunter2hunter2"))  # pragma: allowlist secret
    assert "hunter2hunter2" not in str(told)


@pytest.mark.parametrize(
    "secret",
    [
        PLANTED,
        "r3dis/pass+word=",
        "tr1gger/pass",
        "tr1gger%2Fpass",
        "c0smos+key/==",
        "0pen-ai-key-0123456789",
    ],
)
def test_a_secret_of_the_environment_is_hidden_wherever_it_stands(secret: str) -> None:
    for made in (
        record(f"the answer was {secret} again"),
        record("the answer was %s again", secret),
        record("said", code=f"<{secret}>"),
        record("said", source=["in a list", secret]),
    ):
        told = JsonLines(ENVIRON).format(made)
        assert secret not in told
        assert HIDDEN in told


def test_a_secret_in_a_traceback_is_hidden_too() -> None:
    try:
        raise RuntimeError(f"refused with {PLANTED}")
    except RuntimeError:
        made = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), sys.exc_info())
    found = line(made)
    assert PLANTED not in str(found)
    assert found["error"] == f"RuntimeError: refused with {HIDDEN}"
    assert "Traceback" in str(found["trace"])


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Authorization: Bearer abcdef0123456789", "Authorization: Bearer ***"),
        ("redis://:hunter2@10.0.0.4:6380", "redis://:***@10.0.0.4:6380"),
        ("rediss://user:hunter2@h", "rediss://user:***@h"),  # pragma: allowlist secret
        ("AccountEndpoint=https://x/;AccountKey=abc==;", "AccountEndpoint=https://x/;AccountKey=***;"),
        ("h:6380,password=hunter2,ssl=True", "h:6380,password=***,ssl=True"),
        ('{"api_key": "sk-1234"}', '{"api_key": "***"}'),  # pragma: allowlist secret
        ("token eyJhbGciOi.eyJzdWIiOiIx.c2lnbmF0dXJl here", "token *** here"),
        ("https://blob.example/x?sv=1&sig=abc%2F&se=2", "https://blob.example/x?sv=1&sig=***&se=2"),
    ],
)
def test_a_secret_is_known_by_its_shape(text: str, left: str) -> None:
    assert Redactor({})(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "judged 12 readings in 0.3 s: 1 anomalous",
        "well-1: the key INJECTION_PRESSURE: is not known",
        "https://x/y",
    ],
)
def test_plain_sentences_stay_as_they_are(text: str) -> None:
    assert Redactor(ENVIRON)(text) == text


def test_addresses_are_no_secrets() -> None:
    text = "https://detectors.example answered 503; c.example and redis.example:6380 did not"
    assert Redactor(ENVIRON)(text) == text


def test_a_message_whose_arguments_do_not_fit_costs_no_line() -> None:
    assert "2 numbers" in str(line(record("%d of %d: 2 numbers", 1))["message"])


def test_a_lone_surrogate_costs_no_line() -> None:
    assert line(record("a \ud800 b"))["message"] == "a ? b"


@pytest.fixture
def untouched_root() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield root
    root.handlers[:] = before
    root.setLevel(level)


def test_once_set_up_every_logger_of_the_process_writes_such_lines(
    untouched_root: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setenv("DETECTOR_TOKEN", PLANTED)
    set_up_logging(leave_out=lambda made: made.getMessage() == "no news")
    logging.getLogger("any.library").warning("seen %s", PLANTED)
    logging.getLogger("any.library").info("no news")
    logging.getLogger("azure.core.pipeline").info("a line a request")
    [found] = [orjson.loads(text) for text in out.getvalue().splitlines()]
    assert found["message"] == f"seen {HIDDEN}"
    assert (found["level"], found["environment"]) == ("warning", "local")
