"""A tier that takes a request and never answers: its time-out ends it, the others judge, nothing waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.pipeline.drain import Drainer
from anomalyctl.resilience.policies import DETECTORS
from tests.pipeline.conftest import NOW, Bench

Quiet = Callable[..., list[tuple[int, bytes]]]
TIMEOUT_S = 2.0


@pytest.fixture
def answering(bench: Bench) -> Iterator[tuple[str, threading.Event]]:
    """Real detectors on a real socket; while the event is not set, the ml tier says nothing."""
    answers = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if "/ml" in self.path:
                answers.wait(30)
            asked = httpx.Request("POST", f"http://detectors{self.path}", content=body)
            answer = bench.judges.handle_request(asked)
            content = answer.read()
            try:
                self.send_response(answer.status_code)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                self.close_connection = True  # whoever asked has gone

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", answers
    answers.set()
    server.shutdown()
    server.server_close()


def drainer(bench: Bench, endpoint: str) -> Drainer:
    policy = replace(DETECTORS, timeout_s=TIMEOUT_S, attempts=1, wait_min_s=0.01, wait_max_s=0.01)
    client = DetectorClient(endpoint, policy=replace(policy, breaker_failures=2, breaker_rest_s=0.2))
    return Drainer(
        bench.readings, bench.verdicts, bench.episodes, client, consumer="host-1", clock=lambda: NOW
    )


def test_the_seeds_time_out_is_the_default() -> None:
    assert DETECTORS.timeout_s == 30.0
    assert DETECTORS.total_s == 60.0, "so that one that hangs costs two time-outs, not five"


def test_a_tier_that_hangs_is_left_out_within_its_time_and_completed_later(
    bench: Bench, quiet: Quiet, answering: tuple[str, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, answers = answering
    judge = drainer(bench, endpoint)
    rows = quiet(70)
    bench.send(rows)
    began = time.monotonic()
    drained = judge.drain()
    assert drained.tally.judged == 70
    # Two chunks, one time-out each; the bound is wide, for machines that are busy.
    assert time.monotonic() - began < 2 * TIMEOUT_S + 15
    missing = [document["explanation"]["tiers_missing"] for document in bench.verdicts.in_order]
    assert missing == [["ml"]] * 70
    assert bench.nothing_waits()
    answers.set()
    time.sleep(0.25)  # the breaker's rest, shortened
    monkeypatch.setattr(judge, "_complete_from", 0.0)
    judge.drain()
    missing = [document["explanation"]["tiers_missing"] for document in bench.verdicts.in_order]
    assert missing == [[]] * 70
    assert len(set(bench.episodes.recorded)) == 70


def test_while_it_hangs_new_readings_do_not_wait_for_it_again(
    bench: Bench, quiet: Quiet, answering: tuple[str, threading.Event]
) -> None:
    endpoint, _ = answering
    judge = drainer(bench, endpoint)
    rows = quiet(20)
    for row in rows[:2]:
        bench.send([row])
        judge.drain()
    assert judge.detectors.guards["ml"].state != "closed"  # type: ignore[attr-defined]
    began = time.monotonic()
    bench.send(rows[2:])
    assert judge.drain().tally.judged == 18
    assert time.monotonic() - began < 15, "far from a time-out for each"
