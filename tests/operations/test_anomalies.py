"""Listing, selecting, showing, acting and watching, on the real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from anomalyctl.errors import AnomalyctlError, InvalidInput, LostRace, NotFound, PartlyDone
from anomalyctl.operations.anomalies.acting import act, operator_name
from anomalyctl.operations.anomalies.listing import Filter, list_anomalies
from anomalyctl.operations.anomalies.selecting import ids_in, select
from anomalyctl.operations.anomalies.showing import show_anomaly
from anomalyctl.operations.anomalies.watching import WatchEvent, watch
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.triage import actions
from anomalyctl.triage.episodes import Episodes
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import CosmosServer, cosmos_server
from tests.support.verdict_documents import START, verdict

NOW = START + timedelta(minutes=40)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CosmosServer]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as running:
        yield running


@pytest.fixture
def store(server: CosmosServer) -> Iterator[AnomalyStore]:
    with fresh_store(server) as fresh:
        yield fresh


@pytest.fixture
def ids(store: AnomalyStore) -> dict[str, str]:
    """Three open episodes: A (medium, oldest), B (critical), C (high, newest, of another source)."""
    documents = {
        "A": verdict(0, "A", severity="medium"),
        "B": verdict(600, "B", severity="critical"),
        "C": verdict(1200, "C", severity="high", source="well-2"),
    }
    found = {}
    for name, document in documents.items():
        store.upsert_verdicts(document["source_day"], [document])
        [change] = Episodes(store).record([document])
        found[name] = change.anomaly_id
    return found


def listed(store: AnomalyStore, chosen: Filter) -> list[str]:
    return [row.tags[0] for row in list_anomalies(store, chosen, now=NOW)]


def test_open_episodes_are_listed_newest_first(store: AnomalyStore, ids: dict[str, str]) -> None:
    assert listed(store, Filter()) == ["C", "B", "A"]
    row = list_anomalies(store, Filter(), now=START + timedelta(minutes=15))[1]
    assert (row.anomaly_id, row.detected_at) == (ids["B"], "2026-11-20T09:10:00.000000Z")
    assert (row.severity_level, row.assigned_to, row.quiet) == ("critical", "", False)
    assert list_anomalies(store, Filter(), now=NOW)[1].quiet


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (Filter(severities=("critical", "high")), ["C", "B"]),
        (Filter(tag="A"), ["A"]),
        (Filter(tag="NOPE"), []),
        (Filter(source="well-1"), ["B", "A"]),
        (Filter(since=START + timedelta(minutes=10)), ["C", "B"]),
        (Filter(since=START + timedelta(minutes=10), source="well-1", severities=("critical",)), ["B"]),
        (Filter(status="resolved"), []),
        (Filter(status="all"), ["C", "B", "A"]),
    ],
)
def test_filters(store: AnomalyStore, ids: dict[str, str], chosen: Filter, expected: list[str]) -> None:
    assert listed(store, chosen) == expected


def test_a_status_takes_each_episode_once_through_resolving_and_reopening(
    store: AnomalyStore, ids: dict[str, str]
) -> None:
    actions.resolve(store, ids["B"], notes="pump", by="Anna", now=NOW)
    assert listed(store, Filter()) == ["C", "A"]
    [resolved] = list_anomalies(store, Filter(status="resolved"), now=NOW)
    assert (resolved.resolved_by, resolved.resolution_notes) == ("Anna", "pump")
    assert listed(store, Filter(status="all")) == ["C", "B", "A"]
    actions.reopen(store, ids["B"], reason="again", by="Anna", now=NOW)
    assert listed(store, Filter(status="resolved")) == []
    assert listed(store, Filter(status="all")) == ["C", "B", "A"]


def test_selectors_find_the_newest_the_gravest_and_unique_beginnings(
    store: AnomalyStore, ids: dict[str, str]
) -> None:
    assert select(store, ["@latest", "@worst", ids["A"], ids["A"]]) == [ids["C"], ids["B"], ids["A"]]
    assert select(store, ["well-2"]) == [ids["C"]]
    actions.resolve(store, ids["C"], notes="pump", by="Anna", now=NOW)
    assert select(store, ["well-2"]) == [ids["C"]]
    assert select(store, ["@latest"]) == [ids["B"]]


def test_a_beginning_of_several_is_refused_and_an_unknown_id_told_with_the_nearest(
    store: AnomalyStore, ids: dict[str, str]
) -> None:
    with pytest.raises(InvalidInput, match="beginning of 2") as several:
        select(store, ["well-1"])
    assert several.value.details["matches"] == sorted([ids["A"], ids["B"]])
    typo = ids["B"][:-1] + "x"
    for wrong in (typo, f"{ids['B']}/../x", ids["B"].upper()):
        with pytest.raises(NotFound) as unknown:
            select(store, [wrong])
    with pytest.raises(NotFound) as unknown:
        select(store, [typo])
    assert unknown.value.details["nearest"][0] == ids["B"]
    with pytest.raises(InvalidInput, match="@nope"):
        select(store, ["@nope"])
    with pytest.raises(InvalidInput):
        select(store, [])


def test_with_nothing_open_the_selectors_say_so(store: AnomalyStore) -> None:
    for selector in ("@latest", "@worst", ""):
        with pytest.raises(NotFound):
            select(store, [selector])


def test_ids_are_read_from_words_lines_and_the_json_of_list() -> None:
    assert ids_in(" a b\nc\n") == ["a", "b", "c"]
    assert ids_in('[{"anomaly_id": "a", "x": 1}, {"anomaly_id": "b"}]') == ["a", "b"]
    assert ids_in('{"anomaly_id": "a"}\n{"anomaly_id": "b"}\n') == ["a", "b"]
    assert ids_in("") == []
    for wrong in ('[{"id": "a"}]', "[oops"):
        with pytest.raises(InvalidInput):
            ids_in(wrong)


def test_show_has_the_context_the_reading_three_methods_and_the_timeline(
    store: AnomalyStore, ids: dict[str, str]
) -> None:
    Episodes(store).record([verdict(610, "B", severity="critical")])
    actions.assign(store, ids["B"], to="Anna", by="Björn", now=NOW)
    actions.modify(store, ids["B"], values={"B": 2.5}, reason="Sensor.", by="Anna", now=NOW)
    actions.resolve(store, ids["B"], notes="Pump.", by="Anna", now=NOW + timedelta(minutes=1))
    details = show_anomaly(store, ids["B"], now=NOW)
    assert details.contexts == {"B": "B is high because the pump runs too fast."}
    assert details.values == {"B": 9.0}
    assert [(each.method, each.status) for each in details.methods] == [
        ("heuristic", "Anomaly"),
        ("statistical", "Normal"),
        ("ml", "Anomaly"),
    ]
    [finding] = details.methods[0].findings
    assert (finding.tag, finding.value, finding.expected, finding.rule) == ("B", 9.0, 5.0, "limit")
    assert [(moment.what, moment.by, moment.why) for moment in details.timeline] == [
        ("first seen", "pipeline", "B"),
        ("last seen (2 times)", "pipeline", ""),
        ("assigned to Anna", "Björn", ""),
        ("modified B 9 → 2.5", "Anna", "Sensor."),
        ("resolved", "Anna", "Pump."),
    ]
    assert details.actions == ("reopen",)


def test_show_lives_without_the_verdict_that_has_expired(store: AnomalyStore, ids: dict[str, str]) -> None:
    reading = verdict(0)
    store.container("anomaly_results").delete_item(reading["id"], reading["source_day"])
    details = show_anomaly(store, ids["A"], now=NOW)
    assert (details.methods, details.values) == ((), {"A": 9.0})


def test_of_several_each_has_its_result_and_partly_done_is_told(
    store: AnomalyStore, ids: dict[str, str]
) -> None:
    actions.resolve(store, ids["A"], notes="valve", by="Björn", now=NOW)
    report = act(store, [ids["A"], ids["B"]], "resolve", by="Anna", one=resolver(store))
    assert (report.done, report.failed) == (1, 1)
    assert [(each.ok, each.code) for each in report.results] == [(False, "lost_race"), (True, "")]
    assert "resolved by Björn" in report.results[0].message
    with pytest.raises(PartlyDone) as partly:
        report.raise_for_failures()
    assert partly.value.details["failed"] == [ids["A"]]
    with pytest.raises(AnomalyctlError) as failed:
        act(
            store, [ids["A"], ids["B"]], "resolve", by="Nora", one=resolver(store, "Nora")
        ).raise_for_failures()
    assert failed.value.exit_code == 6


def test_the_failure_of_a_single_one_is_its_own(store: AnomalyStore, ids: dict[str, str]) -> None:
    actions.resolve(store, ids["A"], notes="valve", by="Björn", now=NOW)
    with pytest.raises(LostRace):
        act(store, [ids["A"]], "resolve", by="Anna", one=resolver(store))


def test_a_wrong_id_among_several_stops_everything_before_it_starts(
    store: AnomalyStore, ids: dict[str, str]
) -> None:
    with pytest.raises(NotFound):
        act(store, [ids["A"], "nope"], "resolve", by="Anna", one=resolver(store))
    assert listed(store, Filter()) == ["C", "B", "A"]


def test_the_operator_is_the_one_who_is_named_or_the_user_of_the_machine() -> None:
    assert operator_name({"ANOMALYCTL_OPERATOR": " Anna "}) == "Anna"
    assert operator_name({})


def test_watching_tells_each_change_once_and_by_whom(store: AnomalyStore, ids: dict[str, str]) -> None:
    clock = [START + timedelta(minutes=21)]

    def later(minutes: float) -> None:
        clock[0] += timedelta(minutes=minutes)

    happenings: list[Callable[[], object]] = [
        lambda: None,
        lambda: Episodes(store).record([verdict(1210, "C", severity="critical", source="well-2")]),
        lambda: actions.assign(store, ids["C"], to="Anna", by="Björn", now=clock[0]),
        lambda: actions.resolve(store, ids["B"], notes="pump", by="Anna", now=clock[0]),
        lambda: Episodes(store).record([verdict(1260, "B", severity="low")]),
        lambda: actions.reopen(store, ids["B"], reason="again", by="Nora", now=clock[0]),
        lambda: later(15),
    ]

    def sleep(seconds: float) -> None:
        assert seconds == 2
        if not happenings:
            raise KeyboardInterrupt
        happenings.pop(0)()

    events: list[WatchEvent] = []
    with pytest.raises(KeyboardInterrupt):
        for event in watch(store, Filter(), clock=lambda: clock[0], sleep=sleep):
            events.append(event)
    told = [(event.change, event.by, event.anomaly.tags[0], event.severity_level) for event in events]
    assert told[:3] == [
        ("present", "pipeline", "A", "medium"),
        ("present", "pipeline", "B", "critical"),
        ("present", "pipeline", "C", "high"),
    ]
    assert told[3:8] == [
        ("escalated", "pipeline", "C", "critical"),
        ("assigned", "Björn", "C", "critical"),
        ("resolved", "Anna", "B", "critical"),
        ("opened", "pipeline", "B", "low"),
        ("reopened", "Nora", "B", "critical"),
    ]
    assert {(change, tag) for change, _, tag, _ in told[8:]} == {("quiet", "C"), ("quiet", "B")}


def resolver(store: AnomalyStore, by: str = "Anna") -> Callable[[str], actions.Outcome]:
    return lambda anomaly_id: actions.resolve(store, anomaly_id, notes="pump", by=by, now=NOW)
