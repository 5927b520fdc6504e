"""A line of the log says which readings it is about: one by its id, several by first and last."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest

from anomalyctl.observability.bound import about, about_readings, bind, bound
from anomalyctl.observability.logs import JsonLines
from tests.pipeline.conftest import START_MS, Bench

Quiet = Callable[..., list[tuple[int, bytes]]]
Lines = Callable[[str], list[dict[str, Any]]]
FIRST = f"well-1:{START_MS}"


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Lines of the pipeline that hold some words."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines({"ANOMALYCTL_SERVICE": "functions"}))
    logger = logging.getLogger("anomalyctl.pipeline")
    logger.addHandler(handler)
    level = logger.level
    logger.setLevel(logging.INFO)
    yield lambda words: [
        line for line in map(orjson.loads, stream.getvalue().splitlines()) if words in line["message"]
    ]
    logger.removeHandler(handler)
    logger.setLevel(level)


def test_one_reading_is_named_in_lines_of_every_thread(bench: Bench, quiet: Quiet, lines: Lines) -> None:
    bench.judges.down = {"ml"}
    bench.send(quiet(1))
    bench.drainer().drain()
    [line] = lines("judged without the ml tier")
    assert (line["source"], line["reading_id"], line["tier"]) == ("well-1", FIRST, "ml")
    assert len(line["trace_id"]) == 32
    assert "first_reading_id" not in line


def test_a_batch_names_its_ends_and_no_reading_as_if_it_were_alone(
    bench: Bench, quiet: Quiet, lines: Lines
) -> None:
    bench.judges.down = {"ml"}
    rows = quiet(5)
    bench.send(rows)
    bench.drainer().drain()
    [line] = lines("judged without the ml tier")
    assert (line["readings"], line["first_reading_id"]) == (5, FIRST)
    assert line["last_reading_id"] == f"well-1:{rows[-1][0]}"
    assert "reading_id" not in line


def test_a_failure_is_told_with_the_readings_and_the_trace_that_failed(
    bench: Bench, quiet: Quiet, lines: Lines
) -> None:
    bench.judges.down = {"heuristic", "statistical", "ml"}
    bench.send(quiet(1))
    assert bench.drainer().drain().failures
    [line] = lines("left pending for the next sweep")
    assert (line["source"], line["reading_id"]) == ("well-1", FIRST)
    assert len(line["trace_id"]) == 32


def test_a_refused_reading_is_named_with_its_letter(bench: Bench, lines: Lines) -> None:
    bench.send([(START_MS, b'{"timestamp": "2026-03-01T00:00:00Z"}')])
    bench.drainer().drain()
    [line] = lines("became dead letters")
    assert line["reading_id"] == FIRST
    assert line["letter_id"] in bench.verdicts.letters


def test_a_failure_remembers_the_innermost_that_held() -> None:
    def fail() -> None:
        with bind(run_id="r", **about_readings("well-1", ["well-1:1"])), bind(tier="ml"):
            raise ValueError

    with pytest.raises(ValueError) as failed:
        fail()
    assert about(failed.value) == {"run_id": "r", "source": "well-1", "reading_id": "well-1:1", "tier": "ml"}
    assert bound() == {}
    assert about(ValueError()) == {}
