"""What Azure Monitor tells of each revision's real traffic, and what is judged where it tells nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from anomalyctl.azure.rest import Rest
from anomalyctl.operations.rollout.real_traffic import RealTraffic, RealTrafficReader, RevisionTraffic
from anomalyctl.operations.rollout.weighing import Seen, Tally, is_hopeless, weigh
from anomalyctl.resilience.policies import METRICS
from tests.support.azure_stand_in.monitor import Monitor
from tests.support.azure_stand_in.publishing import APP
from tests.support.azure_stand_in.running import AzureStandIn

OLD, NEW = "ca-wells-dev--1", "ca-wells-dev--2"


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def monitor(azure: AzureStandIn) -> Monitor:
    azure.begin_anew()
    azure.monitor.figures["Requests"] = [
        ({"revisionname": OLD, "statuscodecategory": "2xx"}, [500.0, 400.0]),
        ({"revisionname": OLD, "statuscodecategory": "5xx"}, [1.0]),
        ({"revisionname": NEW, "statuscodecategory": "2xx"}, [60.0, 20.0]),
        ({"revisionname": NEW, "statuscodecategory": "4xx"}, [10.0]),
        ({"revisionname": NEW, "statuscodecategory": "5xx"}, [8.0, 2.0]),
        ({"revisionname": "ca-wells-dev--0", "statuscodecategory": "5xx"}, [70.0]),
    ]
    azure.monitor.figures["ResponseTime"] = [
        ({"revisionname": OLD}, [20.0, 40.0]),
        ({"revisionname": NEW}, [30.0]),
    ]
    return azure.monitor


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def reader(azure: AzureStandIn, clock: Clock, monitor: Monitor) -> Iterator[RealTrafficReader]:
    scope = f"{azure.address}/.default"
    with Rest(
        azure.address, scope, azure.credential, azure.cloud(), policy=METRICS, sleep=lambda _: None
    ) as rest:
        made = RealTrafficReader(rest, APP, OLD, NEW, begin=clock.now, now=clock)
        assert made.look().new is None, "nothing is known when the traffic has just been divided"
        yield made


def told(reader: RealTrafficReader, clock: Clock) -> RealTraffic:
    clock.now += timedelta(minutes=1)
    return reader.look()


def test_each_revision_has_its_requests_its_failures_and_the_mean_of_its_answers(
    reader: RealTrafficReader, clock: Clock
) -> None:
    found = told(reader, clock)
    assert found.old == RevisionTraffic(901, 1, pytest.approx(0.03))
    assert found.new == RevisionTraffic(100, 10, pytest.approx(0.03))
    assert found.reason == ""


def test_azure_is_asked_once_a_minute(reader: RealTrafficReader, clock: Clock, monitor: Monitor) -> None:
    for _ in range(5):
        told(reader, clock)
        reader.look()
    assert [one["metricnames"] for one in monitor.asked] == ["Requests", "ResponseTime"] * 5
    assert monitor.asked[-1]["timespan"] == "2026-11-20T12:00:00.000000Z/2026-11-20T12:05:00.000000Z"


def test_without_the_role_the_probes_judge_and_the_reason_is_said(
    reader: RealTrafficReader, clock: Clock, monitor: Monitor
) -> None:
    monitor.status = 403
    found = told(reader, clock)
    assert (found.old, found.new) == (None, None)
    weighed = weigh(Seen(Tally(100), Tally(100), compared=100), found)
    assert weighed.good
    assert weighed.judged_by == "probes"
    assert "Monitoring Reader" in weighed.real_reason


def test_without_the_answer_times_the_errors_are_judged(
    reader: RealTrafficReader, clock: Clock, monitor: Monitor
) -> None:
    monitor.unknown.add("ResponseTime")
    found = told(reader, clock)
    assert found.new is not None
    assert found.new.mean_s is None
    assert "ResponseTime" in found.reason
    assert not weigh(Seen(Tally(100), Tally(100), compared=100), found).good


def real(requests: int = 100, failures: int = 0, mean_s: float | None = 0.02) -> RevisionTraffic:
    return RevisionTraffic(requests, failures, mean_s)


GOOD_PROBES = Seen(Tally(100), Tally(100), compared=100)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (
            real(failures=10),
            "10.0% of the 100 requests that reached it failed, 0.0% of the old one's",
        ),
        (real(mean_s=0.2), "its answers took 200 ms on the whole, 20 ms before"),
    ],
)
def test_real_traffic_speaks_against_what_the_probes_find_good(new: RevisionTraffic, said: str) -> None:
    weighed = weigh(GOOD_PROBES, RealTraffic(real(), new))
    assert weighed.against == (said,)
    assert weighed.judged_by == "probes and real traffic"


def test_two_requests_that_failed_are_no_share_of_anything() -> None:
    assert weigh(GOOD_PROBES, RealTraffic(real(900), real(30, failures=2))).good


def test_too_little_traffic_is_not_judged_and_that_is_said() -> None:
    weighed = weigh(GOOD_PROBES, RealTraffic(real(900), real(5, failures=5)))
    assert weighed.good
    assert weighed.judged_by == "probes"
    assert weighed.real_reason == "only 5 requests reached the new revision"


def test_real_traffic_that_mostly_fails_ends_the_watch() -> None:
    assert is_hopeless(GOOD_PROBES, RealTraffic(real(), real(failures=40)))
    assert not is_hopeless(GOOD_PROBES, RealTraffic(real(failures=40), real(failures=40)))
    assert not is_hopeless(GOOD_PROBES, RealTraffic(real(), real(10, failures=10)))
