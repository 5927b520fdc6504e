"""Detectors that are asked too often say so: the pipeline waits as long as they name, and nothing is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import httpx
import orjson
import pytest

from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.pipeline.drain import Drainer
from anomalyctl.resilience.policies import DETECTORS
from tests.pipeline.conftest import NOW, Bench

Quiet = Callable[..., list[tuple[int, bytes]]]
PROBLEM = orjson.dumps({"title": "Too Many Requests", "status": 429})


def test_a_named_time_is_waited_for(bench: Bench, quiet: Quiet, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: Counter[str] = Counter()
    waited: list[float] = []

    def once_too_often(tier: str, body: object) -> httpx.Response | None:
        asked[tier] += 1
        refused = httpx.Response(429, headers={"Retry-After": "2"}, content=PROBLEM)
        return refused if asked[tier] == 1 else None

    bench.judges.before = once_too_often
    client = DetectorClient("http://detectors", policy=replace(DETECTORS), transport=bench.judges)
    for guard in client.guards.values():
        monkeypatch.setattr(guard._retrying, "sleep", waited.append)
    drainer = Drainer(
        bench.readings, bench.verdicts, bench.episodes, client, consumer="one", clock=lambda: NOW
    )
    bench.send(quiet(3))
    assert drainer.drain().tally.judged == 3
    assert len(waited) == 3
    assert all(2.0 <= seconds <= 2.3 for seconds in waited)
    assert not any(document["explanation"]["tiers_missing"] for document in bench.verdicts.in_order)
    assert {guard.state for guard in client.guards.values()} == {"closed"}
