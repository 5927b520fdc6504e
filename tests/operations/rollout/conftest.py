"""A container app of paper whose revisions are real detectors, and readings to ask them about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse

from anomalyctl.azure.session import open_session
from anomalyctl.azure.traffic import Traffic
from anomalyctl.environments import Environment
from anomalyctl.operations.rollout.journal import Journal
from anomalyctl.operations.rollout.probing import Probe
from anomalyctl.operations.rollout.rolling_out import RollingOut
from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.resilience.policies import DETECTORS
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.telemetry.validation import encode_reading
from detector_service.app import create_app
from detector_service.settings import DetectorSettings
from tests.support.azure_stand_in.publishing import APP, PublishingStandIn
from tests.support.azure_stand_in.revisions import Revisions
from tests.support.azure_stand_in.running import AzureStandIn, running_azure
from tests.support.certificates import Certificates, serving_https

FACTOR = 3.0
START = datetime(2026, 11, 20, tzinfo=UTC)
TOKEN = "a-token-for-both-revisions-1234"  # pragma: allowlist secret
OLD, NEW, BAD, BLIND, SHORT, UNBORN = (
    f"cr.example/detectors:{tag}" for tag in ("old", "new", "bad", "blind", "short", "unborn")
)


@dataclass
class Time:
    """Passes only when somebody sleeps."""

    now: float = 0.0
    slept: list[float] = field(default_factory=list)
    when_asleep: Callable[[], None] = lambda: None

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.slept.append(seconds)
        self.when_asleep()


class Failing:
    """The detectors, failing every second question."""

    def __init__(self, app: Any) -> None:
        self._app, self._asked = app, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self._asked += 1
        if scope["type"] == "http" and self._asked % 2:
            await JSONResponse({"title": "broken", "status": 500}, 500)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class Blind:
    """Detectors that read the pressure a third too low, and so find it normal."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = await Request(scope, receive).json()
        for reading in body["readings"]:
            reading["INJECTION_PRESSURE"] /= FACTOR

        content = orjson.dumps(body)
        headers = [one for one in scope["headers"] if one[0] != b"content-length"]
        scope = {**scope, "headers": [*headers, (b"content-length", str(len(content)).encode())]}

        async def lowered() -> Any:
            return {"type": "http.request", "body": content, "more_body": False}

        await self._app(scope, lowered, send)


class Short:
    """Detectors that judge one reading, however many they were asked for."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["query_string"]:
            scope = {**scope, "query_string": b"last=1"}
        await self._app(scope, receive, send)


@dataclass
class Plant:
    """One environment with a rollout to be made."""

    traffic: Traffic
    revisions: Revisions
    journal: Journal
    store: ReadingStore
    ca_bundle: str
    time: Time
    kept: list[str] = field(default_factory=list)
    clients: list[DetectorClient] = field(default_factory=list)

    def rolling(self, run: str = "R1") -> RollingOut:
        policy = changed(DETECTORS, attempts=1, rate_limit_attempts=1, breaker_failures=1_000_000)

        def probe(old: str, new: str) -> Probe:
            clients = [
                DetectorClient(one, TOKEN, ca_bundle=self.ca_bundle, policy=policy) for one in (old, new)
            ]
            self.clients += clients
            return Probe(self.store, *clients, clock=self.time.clock)

        return RollingOut(
            environment="dev",
            traffic=self.traffic,
            app_id=APP,
            journal=self.journal,
            run=run,
            keep_tag=self.kept.append,
            make_probe=probe,
            sleep=self.time.sleep,
            clock=self.time.clock,
        )


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates.made_in(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def azure(certificates: Certificates) -> Iterator[AzureStandIn]:
    with running_azure(certificates) as running:
        yield running


@pytest.fixture
def plant(
    tmp_path: Path, azure: AzureStandIn, certificates: Certificates, valkey: Any, reading_store: ReadingStore
) -> Iterator[Plant]:
    azure.begin_anew()
    PublishingStandIn("https://127.0.0.1:1").furnish(azure.paper)
    telemetry = simulate(built_in_registry(), seed=3, start=START, count=240, source="well-1")
    # Half an hour past a limit: detectors that see it and detectors that do not conclude differently.
    column = telemetry.tags.index("INJECTION_PRESSURE")
    telemetry.values[60:, column] *= FACTOR
    rows = [(epoch_ms(one.timestamp), encode_reading(one)) for one in telemetry.readings()]
    reading_store.append("well-1", rows, origin="simulated")
    settings = DetectorSettings(redis_connection_string=valkey.connection_string, detector_token=TOKEN)
    real = create_app(settings, clock=lambda: START + timedelta(hours=1))
    time = Time()
    with ExitStack() as stack:
        served = {
            image: stack.enter_context(serving_https(app, certificates)).removeprefix("https://")
            for image, app in (
                (OLD, real),
                (NEW, real),
                (BAD, Failing(real)),
                (BLIND, Blind(real)),
                (SHORT, Short(real)),
            )
        }
        revisions = Revisions(azure.paper, addresses=served, broken={UNBORN})
        revisions.install(OLD)
        environment = Environment("dev", kind="azure", protected=False, summary="")
        session = stack.enter_context(open_session(environment, azure.environ(), sleep=lambda _: None))
        manager = stack.enter_context(session.resource_manager())
        traffic = Traffic(manager, APP, lambda _: None)
        journal = Journal(tmp_path / "state" / "rollout.json")
        made = Plant(traffic, revisions, journal, reading_store, session.cloud.ca_bundle, time)
        yield made
        for client in made.clients:
            client.close()
