"""The report over the real stores, and as terminal, Markdown and page show it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console
from rich.theme import Theme

from anomalyctl.cli.console import STYLES
from anomalyctl.cli.views.report import report_view
from anomalyctl.cli.views.report_html import report_html
from anomalyctl.cli.views.report_markdown import report_markdown
from anomalyctl.errors import NotFound, Transient
from anomalyctl.operations.connections import Connections
from anomalyctl.operations.report.day import Span
from anomalyctl.operations.report.day_report import DayReport, figures_of, report_day
from anomalyctl.operations.report.mailing import letter_of
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.triage import actions
from anomalyctl.triage.episodes import Episodes
from tests.support.anomaly_stores import fresh_store
from tests.support.cosmos_server import cosmos_server
from tests.support.verdict_documents import START, verdict

NOW = START + timedelta(hours=3)
SPAN = Span("the morning", START, NOW)
HOSTILE = "<img src=x onerror=alert(1)>|`*"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AnomalyStore]:
    with cosmos_server(tmp_path_factory.mktemp("cosmos")) as server, fresh_store(server) as fresh:
        yield fresh


@pytest.fixture
def plant(store: AnomalyStore, reading_store: ReadingStore) -> Connections:
    environment = SimpleNamespace(name="local")
    return cast(
        Connections, SimpleNamespace(anomalies=store, readings=reading_store, environment=environment)
    )


@pytest.fixture(scope="module")
def happened(store: AnomalyStore) -> str:
    documents = [verdict(seconds, values={"INJECTION_PRESSURE": 50.0}) for seconds in range(0, 3600, 10)]
    documents += [verdict(3600 + 10 * step, HOSTILE, severity="critical") for step in range(3)]
    store.upsert_verdicts(documents[0]["source_day"], documents)
    changes = Episodes(store).record(documents[-3:])
    store.add_dead_letter(
        {
            "id": "20261120-x",
            "failed_at": "2026-11-20T09:30:00.000000Z",
            "kind": "refused",
            "source": "well-1",
        }
    )
    return changes[-1].anomaly_id


def test_a_report_counts_what_was_judged_found_and_refused(plant: Connections, happened: str):
    found = report_day(plant, SPAN, now=NOW)
    [judging] = found.judging
    assert (judging.judged, judging.expected, judging.anomalous) == (363, 1080, 3)
    assert judging.longest_silence_s == pytest.approx(3 * 3600 - 3620)
    assert [row.anomaly_id for row in found.anomalies] == [happened]
    assert found.dead_letters == {"refused": 1}
    assert {one.rule for one in found.recommendations} == {"unassigned", "silence", "dead letters"}
    assert found.summary_by == "arithmetic"
    assert "363 of about 1,080 readings were judged" in found.summary
    pressure = next(one for one in found.trends["well-1"] if one.tag == "INJECTION_PRESSURE")
    assert pressure.mean == 50.0


def test_the_model_writes_the_summary_from_figures_and_arithmetic_stands_in_for_it(
    plant: Connections, store: AnomalyStore, happened: str
):
    asked: list[Mapping[str, Any]] = []

    def write(figures: Mapping[str, Any]) -> str:
        asked.append(figures)
        return "A calm morning with one grave episode."

    actions.assign(store, happened, to="anna", by="anna", now=NOW)
    found = report_day(plant, SPAN, now=NOW, write_summary=write)
    assert (found.summary, found.summary_by) == ("A calm morning with one grave episode.", "language model")
    assert asked == [figures_of(found)]
    assert "anna" not in str(asked)
    assert found.summary_note == ""

    def fail(figures: Mapping[str, Any]) -> str:
        raise Transient("The language model answered 503.", hint="Later.")

    for writer, why in ((lambda _: "", "wrote nothing"), (fail, "answered 503")):
        alone = report_day(plant, SPAN, now=NOW, write_summary=writer)
        assert alone.summary_by == "arithmetic"
        assert "readings were judged" in alone.summary
        assert why in alone.summary_note
        for shown in (report_markdown(alone), report_html(alone), shown_text(alone)):
            assert "Written by arithmetic" in shown
    assert "Written by arithmetic" not in report_markdown(found)


def test_a_span_or_source_without_verdicts_is_said(plant: Connections, happened: str):
    with pytest.raises(NotFound, match="No reading was judged in long ago"):
        report_day(plant, Span("long ago", START - timedelta(days=9), START - timedelta(days=8)), now=NOW)
    with pytest.raises(NotFound, match="No reading of well-9"):
        report_day(plant, SPAN, now=NOW, source="well-9")


def test_a_day_without_a_reading_is_a_silence_and_not_a_failure(plant: Connections, happened: str):
    midnight = NOW.replace(hour=0) + timedelta(days=1)
    day_after = Span("the day after", midnight, midnight + timedelta(days=1))
    found = report_day(plant, day_after, now=day_after.end + timedelta(days=30))
    [judging] = found.judging
    assert (judging.source, judging.judged, judging.longest_silence_s) == ("well-1", 0, 86_400.0)
    assert "0 of about 8,640 readings were judged" in found.summary
    assert {"silence"} <= {one.rule for one in found.recommendations}
    assert "nothing for 24 h 0 min" in found.recommendations[-1].text
    assert "longest silence 24 h 0 min" in report_markdown(found)
    assert "–" in report_html(found)


def test_what_began_after_the_day_is_not_of_it(plant: Connections, happened: str):
    """A report that is written weeks later must not take today's episodes for that day's."""
    before = Span("the first hour", START, START + timedelta(hours=1))
    found = report_day(plant, before, now=NOW + timedelta(days=30))
    assert found.anomalies == ()
    assert (found.alarm_health.standing, found.alarm_health.unassigned) == ((), ())


def test_a_day_of_a_thousand_episodes_is_still_read_by_people(report: DayReport):
    [row] = report.anomalies
    many = replace(
        report, anomalies=tuple(replace(row, anomaly_id=f"{row.anomaly_id}-{n}") for n in range(1_000))
    )
    for text in (report_markdown(many), report_html(many), shown_text(many)):
        assert text.count(row.anomaly_id) <= 102
        assert "900 more" in text
        assert len(text) < 100_000
    assert len(str(figures_of(many))) < 5_000
    assert len(letter_of(many)) < 1_000


def shown_text(report: DayReport) -> str:
    console = Console(record=True, width=400, color_system=None, theme=Theme(STYLES), file=io.StringIO())
    console.print(report_view(report))
    return console.export_text()


@pytest.fixture
def report(plant: Connections, happened: str) -> DayReport:
    return report_day(plant, SPAN, now=NOW)


def test_the_terminal_shows_what_to_do_before_the_figures(report: DayReport):
    console = Console(record=True, width=120, color_system=None)
    console.print(report_view(report))
    text = console.export_text()
    assert (
        text.index("What to do") < text.index("Readings") < text.index("Alarm health") < text.index("Trends")
    )
    assert "<img" in text


def test_nothing_in_the_markdown_is_markup_that_a_sender_wrote(report: DayReport):
    text = report_markdown(report)
    outside = re.sub(r"`[^`\n]*`", "", text)
    assert not re.search(r"(?<!\\)<img", outside)
    assert "`<img src=x onerror=alert(1)>¦'*`" in text
    cells = {line.count("|") for line in text.splitlines() if line.startswith("| critical")}
    assert cells == {7}


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]
        if tag not in ("meta", "br", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "br", "polyline"):
            assert self.open.pop() == tag


def test_the_page_is_whole_needs_nothing_from_outside_and_runs_nothing(report: DayReport):
    elements = Elements()
    elements.feed(report_html(report))
    assert elements.open == []
    assert elements.seen & {"img", "script", "link", "iframe"} == set()
    assert {"table", "svg", "h2"} <= elements.seen
