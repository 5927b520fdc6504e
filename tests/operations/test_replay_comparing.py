"""Two models, or a model and a service, over the same kept readings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from anomalyctl.detection.fitting import fit_model
from anomalyctl.detection.window import window_of
from anomalyctl.errors import NotFound
from anomalyctl.operations.connections import Connections
from anomalyctl.operations.replay_comparing import compare
from anomalyctl.operations.replay_pacing import Pace
from anomalyctl.operations.replay_resuming import ReplayBookmark
from anomalyctl.operations.replay_spans import Span
from anomalyctl.pipeline.detectors import DetectorClient
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.cosmos import connect_cosmos
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.readings import Reading
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.telemetry.validation import encode_reading
from tests.support.cosmos_server import cosmos_server
from tests.support.detector_server import DetectorServer, detector_server

START = datetime(2026, 3, 1, tzinfo=UTC)
SPAN = Span(START + timedelta(hours=1), START + timedelta(hours=2))


@dataclass
class Parts:
    """What `Connections` gives to a comparison."""

    readings: ReadingStore
    anomalies: AnomalyStore


@pytest.fixture(scope="module")
def anomalies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnomalyStore]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running:
        store = AnomalyStore(connect_cosmos(running.connection_string))
        store.create_if_missing()
        yield store


@pytest.fixture(scope="module")
def server(valkey_server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DetectorServer]:
    with detector_server(valkey_server.connection_string, tmp_path_factory.mktemp("detectors")) as running:
        yield running


@pytest.fixture(scope="module")
def plant() -> list[Reading]:
    """Two hours; the second holds a temperature that is off by a few degrees for five minutes."""
    made = list(simulate(built_in_registry(), seed=7, start=START, count=700, source="well-1").readings())
    for row in range(500, 530):
        values = dict(made[row].values)
        values["INJECTION_TEMPERATURE"] += 3.0
        made[row] = replace(made[row], values=values)
    return made


@pytest.fixture(scope="module")
def fitted(plant: list[Reading]) -> bytes:
    return fit_model(
        window_of("well-1", plant[:360]), built_in_registry(), fitted_at=START, version="good"
    ).to_bytes()


@pytest.fixture
def parts(
    reading_store: ReadingStore, anomalies: AnomalyStore, plant: list[Reading], fitted: bytes
) -> Connections:
    from anomalyctl.detection.model import SourceModel

    reading_store.append(
        "well-1", [(epoch_ms(each.timestamp), encode_reading(each)) for each in plant], origin="simulated"
    )
    good = SourceModel.from_bytes(fitted)
    deaf = replace(
        good,
        version="deaf",
        residual_limits=replace(good.residual_limits, alarm=good.residual_limits.alarm + 9.0),
        vector_limits=replace(good.vector_limits, alarm=good.vector_limits.alarm + 9.0),
    )
    for at, model in enumerate((good, deaf)):
        moment = START + timedelta(minutes=at)
        reading_store.save_model("well-1", version=model.version, data=model.to_bytes(), fitted_at=moment)
    return cast("Connections", Parts(reading_store, anomalies))


def test_a_deaf_candidate_loses_verdicts_and_the_other_way_round_wins_them(parts: Connections) -> None:
    lost = compare(parts, SPAN, baseline="good", candidate="deaf")
    won = compare(parts, SPAN, baseline="deaf", candidate="good")
    assert lost.readings == lost.same + lost.lost == 340
    assert lost.lost == won.won >= 20
    assert {each.kind for each in lost.differences} == {"lost"}
    assert lost.differences[0].baseline_tags[0] == "INJECTION_TEMPERATURE"
    assert compare(parts, SPAN, baseline="good", candidate="deaf") == lost


def test_a_model_differs_in_nothing_from_itself(parts: Connections) -> None:
    told = compare(parts, SPAN, baseline="good", candidate="good")
    assert (told.same, told.differences) == (told.readings, ())


def test_a_service_with_the_same_model_says_the_same(parts: Connections, server: DetectorServer) -> None:
    told = compare(parts, SPAN, baseline="deaf", candidate=server.endpoint, token=server.token)
    assert told.readings == told.same == 340


def test_an_unknown_version_is_refused_with_those_that_are_kept(parts: Connections) -> None:
    with pytest.raises(NotFound) as refused:
        compare(parts, SPAN, baseline="good", candidate="better", source="well-1")
    assert "deaf, good" in refused.value.hint


def test_a_wide_plants_comparison_goes_in_several_requests(
    parts: Connections, server: DetectorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[int] = []
    judge_all = DetectorClient.judge_all

    def counted(
        self: DetectorClient, source: str, payloads: Sequence[bytes], *rest: Any, **options: Any
    ) -> Any:
        requests.append(sum(map(len, payloads)))
        return judge_all(self, source, payloads, *rest, **options)

    monkeypatch.setattr(DetectorClient, "judge_all", counted)
    monkeypatch.setattr("anomalyctl.operations.replay_passes.MOST_BYTES", 700_000)
    told = compare(parts, SPAN, baseline="deaf", candidate=server.endpoint, token=server.token)
    assert told.readings == 340
    assert len(requests) > 1
    assert max(requests) <= 700_000


def test_an_interrupted_comparison_goes_on_and_tells_the_whole(parts: Connections, tmp_path: Path) -> None:
    whole = compare(parts, SPAN, baseline="good", candidate="deaf")
    path, slept = tmp_path / "local" / "replay.json", [0.0]

    def stop_after_half_an_hour(seconds: float) -> None:
        slept[0] += seconds
        if slept[0] > 1_800:
            raise KeyboardInterrupt

    bookmark = ReplayBookmark(path, SPAN, None, write=False, compared=("good", "deaf"))
    pace = Pace(1.0, clock=lambda: slept[0], sleep=stop_after_half_an_hour)
    with pytest.raises(KeyboardInterrupt):
        compare(parts, SPAN, baseline="good", candidate="deaf", pace=pace, bookmark=bookmark)
    kept = ReplayBookmark.opened(path)
    assert kept.compared == ("good", "deaf")
    assert 0 < sum(kept.tally[kind] for kind in ("same", "won", "lost", "moved")) < whole.readings
    assert compare(parts, SPAN, baseline="good", candidate="deaf", bookmark=kept) == whole
    assert not path.exists()


@pytest.mark.parametrize("times", [1.0, 10.0])
def test_a_comparison_at_any_speed_says_the_same(parts: Connections, times: float) -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    pace = Pace(times, clock=lambda: now[0], sleep=sleep)
    paced = compare(parts, SPAN, baseline="good", candidate="deaf", pace=pace)
    assert now[0] == pytest.approx(3_390 / times)
    assert paced == compare(parts, SPAN, baseline="good", candidate="deaf")
