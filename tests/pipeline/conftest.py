"""A pipeline on a real Valkey; detectors that really judge, behind an HTTP transport that can be broken."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import orjson
import pytest

from anomalyctl.detection.judge import judge
from anomalyctl.detection.model import SourceModel
from anomalyctl.detection.window import window_of
from anomalyctl.errors import Unreachable
from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.pipeline.drain import Drainer
from anomalyctl.pipeline.rounds import Rounds
from anomalyctl.resilience.policies import DETECTORS
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import epoch_ms, parse_time
from anomalyctl.telemetry.validation import encode_reading

START = datetime(2026, 3, 1, tzinfo=UTC)
START_MS = epoch_ms(START)
NOW = START + timedelta(days=2)
SMALL_PLANT = (
    "CO2_FLOW_RATE",
    "WATER_FLOW_RATE",
    "LIQUID_TRACER_FLOW_RATE",
    "INJECTION_PRESSURE",
    "HASA-4_TUBING_PRESSURE",
    "WATER_TO_CO2_RATIO",
    "INJECTION_TEMPERATURE",
    "HASA-4_ANNULUS_PRESSURE",
)
"""The core tags alone keep the tests quick; nothing here depends on how many there are."""


@dataclass
class Verdicts:
    """Keeps documents as Cosmos DB would: upserts by id within a partition, and refuses when told to."""

    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    letters: dict[str, dict[str, Any]] = field(default_factory=dict)
    writes: int = 0
    broken: bool = False

    def upsert_verdicts(self, source_day: str, documents: Sequence[dict[str, Any]]) -> int:
        if self.broken:
            raise Unreachable("Cosmos DB cannot be reached.")
        for document in documents:
            assert document["source_day"] == source_day
            self.documents[document["id"]] = orjson.loads(orjson.dumps(document))
        self.writes += len(documents)
        return len(documents)

    def existing_ids(self, source_day: str, ids: Iterable[str]) -> set[str]:
        return {each for each in ids if self.documents.get(each, {}).get("source_day") == source_day}

    def verdict(self, reading_id: str) -> dict[str, Any] | None:
        return deepcopy(self.documents.get(reading_id))

    def add_dead_letters(self, documents: Sequence[dict[str, Any]]) -> None:
        if self.broken:
            raise Unreachable("Cosmos DB cannot be reached.")
        for document in documents:
            assert parse_time(document["failed_at"])
            self.letters.setdefault(document["id"], orjson.loads(orjson.dumps(document)))

    def dead_letter(self, letter_id: str) -> dict[str, Any] | None:
        return deepcopy(self.letters.get(letter_id))

    def change_dead_letter(self, document: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
        return self.letters[document["id"]].update(changes) or self.letters[document["id"]]

    def forget_dead_letter(self, letter_id: str) -> bool:
        return self.letters.pop(letter_id, None) is not None

    @property
    def in_order(self) -> list[dict[str, Any]]:
        return sorted(self.documents.values(), key=lambda document: document["timestamp"])


@dataclass
class EpisodeLog:
    """Notes which readings were counted, in order."""

    recorded: list[str] = field(default_factory=list)
    broken: bool = False
    steps: list[str] = field(default_factory=list)
    """Of which sources something was recorded or forgotten, in order."""

    def forget(self, sources: Iterable[str]) -> None:
        self.steps += [f"forget {source}" for source in sources]

    def record(self, documents: Iterable[Mapping[str, Any]]) -> None:
        if self.broken:
            raise Unreachable("Cosmos DB cannot be reached.")
        told = [str(document["id"]) for document in documents]
        self.recorded += told
        self.steps += dict.fromkeys(f"record {each.partition(':')[0]}" for each in told)


class Judges(httpx.BaseTransport):
    """The detectors' contract over real judging; `down` tiers refuse, `before` may answer instead."""

    def __init__(self, readings: ReadingStore) -> None:
        self.readings = readings
        self.down: set[str] = set()
        self.requests: list[tuple[str, int, int]] = []
        self.before: Callable[[str, Mapping[str, Any]], httpx.Response | None] = lambda tier, body: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        tier = request.url.path.rsplit("/", 1)[1]
        if tier in self.down:
            raise httpx.ConnectError("connection refused", request=request)
        body = orjson.loads(request.read())
        answer = self.before(tier, body)
        if answer is not None:
            return answer
        query = request.url.params
        last = None if query.get("scope") == "all" else int(query["last"])
        self.requests.append((tier, len(body["readings"]), last or 0))
        assert len(body["readings"]) <= 120 or last is None
        source = body["source"]
        stored = self.readings.load_model(source)
        judgement = judge(
            tier,  # type: ignore[arg-type]
            window_of(source, map(_reading(source), body["readings"])),
            registry=self.readings.load_registry(source),
            model=SourceModel.from_bytes(stored.data) if stored else None,
            memory=body["memory"] or None,
            last=last,
            late=query.get("late") == "true",
        )
        content = {"verdicts": judgement.verdicts, "memory": judgement.memory}
        return httpx.Response(200, content=orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY))


def _reading(source: str) -> Callable[[dict[str, Any]], Reading]:
    return lambda payload: Reading(
        source,
        parse_time(payload["timestamp"]),
        {key: value for key, value in payload.items() if key != "timestamp"},
    )


@dataclass
class Bench:
    """Everything around one drainer."""

    readings: ReadingStore
    redis: Any
    judges: Judges
    verdicts: Verdicts = field(default_factory=Verdicts)
    episodes: EpisodeLog = field(default_factory=EpisodeLog)
    stop: threading.Event = field(default_factory=threading.Event)
    train_on_simulated: bool = True

    def drainer(self, consumer: str = "host-1") -> Drainer:
        return self.drainer_of(self.readings, consumer)

    def rounds(self, wanted: int, consumer: str = "host-1") -> Rounds:
        """All queues in turn, as one worker works at them that is told to want so many."""
        return Rounds(
            self.readings,
            lambda readings: self.drainer_of(readings, consumer),
            wanted=wanted,
            stop=self.stop,
        )

    def drainer_of(self, readings: ReadingStore, consumer: str) -> Drainer:
        policy = replace(DETECTORS, attempts=1, breaker_failures=1_000, wait_min_s=0.0, wait_max_s=0.0)
        return Drainer(
            readings,
            self.verdicts,
            self.episodes,
            DetectorClient("http://detectors", "token", policy=policy, transport=self.judges),
            consumer=consumer,
            clock=lambda: NOW,
            train_on_simulated=self.train_on_simulated,
            stop=self.stop,
        )

    def send(
        self, rows: Iterable[tuple[int, bytes]], *, source: str = "well-1", origin: Any = "live"
    ) -> None:
        self.readings.append(source, list(rows), origin=origin)

    def nothing_waits(self) -> bool:
        backlog = self.readings.backlog()
        return (backlog.queued, backlog.pending) == (0, 0)


@pytest.fixture
def bench(reading_store: ReadingStore, redis_client: Any) -> Bench:
    return Bench(reading_store, redis_client, Judges(reading_store))


@pytest.fixture(scope="session")
def quiet() -> Callable[..., list[tuple[int, bytes]]]:
    """Rows of a plant without faults: own time in ms, payload."""

    def rows(count: int, *, start: datetime = START, source: str = "well-1") -> list[tuple[int, bytes]]:
        telemetry = simulate(built_in_registry(), seed=7, start=start, count=count, source=source)
        return [
            (epoch_ms(reading.timestamp), encode_reading(_core(reading))) for reading in telemetry.readings()
        ]

    return rows


def _core(reading: Reading) -> Reading:
    return replace(reading, values={tag: reading.values[tag] for tag in SMALL_PLANT})
