"""What operators type, send, lose and read without JavaScript, in a real Chromium."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.telemetry.times import format_time
from anomalyctl.triage import actions
from anomalyctl.triage.episodes import Episodes
from tests.support.anomaly_stores import fresh_store
from tests.support.control_room import Display
from tests.support.cosmos_server import CosmosServer, cosmos_server
from tests.support.dashboard_driver import installed_packages
from tests.support.dashboard_server import DashboardServer, dashboard_server, production_build
from tests.support.own_valkey import OwnValkey
from tests.support.verdict_documents import verdict

# The first of them may wait for a build, which takes a minute on an idle machine.
pytestmark = pytest.mark.timeout(900)

NOTES = "What it was and what was done"
WHO = "Who takes care of it"
OpenDisplay = Callable[..., Display]


@dataclass(frozen=True)
class Room:
    """Two stores and a server in front of them."""

    cosmos: CosmosServer
    store: AnomalyStore
    server: DashboardServer

    def open_one(self, source: str) -> str:
        """An open episode of this source; its id."""
        return Episodes(self.store).record([verdict(0, "A", source=source)])[0].anomaly_id

    def done(self, anomaly_id: str) -> list[str]:
        """The actions that were recorded."""
        return [str(event["action"]) for event in self.store.events(anomaly_id)]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    if shutil.which("chromium") is None:
        pytest.skip("chromium is missing: apt install chromium")
    installed_packages()
    build = production_build()
    valkey = OwnValkey(tmp_path_factory.mktemp("valkey"))
    try:
        with cosmos_server(tmp_path_factory.mktemp("cosmos")) as cosmos, fresh_store(cosmos) as store:
            stores = {
                "REDIS_CONNECTION_STRING": valkey.connection_string,
                "COSMOS_DB_CONNECTION_STRING": cosmos.connection_string,
                "COSMOS_DB_DATABASE": store.database.id,
            }
            folder = tmp_path_factory.mktemp("server")
            with dashboard_server(build, folder, ANOMALYCTL_OPERATOR="Kim", **stores) as server:
                yield Room(cosmos, store, server)
    finally:
        valkey.stop()


@pytest.fixture
def display(room: Room, chromium: Any) -> Iterator[OpenDisplay]:
    opened: list[Display] = []

    def open_display(own_clock: bool = False, **options: Any) -> Display:
        opened.append(Display(chromium, room.server.address, options, own_clock))
        return opened[-1]

    yield open_display
    for each in opened:
        each.context.close()
    # What the network refuses is written there by Chromium itself.
    assert [line for each in opened for line in each.told if "Failed to load resource" not in line] == []


def test_without_javascript_the_list_has_its_rows_its_filter_and_the_episode_its_story(
    room: Room, display: OpenDisplay
) -> None:
    anomaly = room.open_one("still")
    page = display(java_script_enabled=False).page
    page.goto(f"{room.server.address}/anomalies")
    expect(_rows(page).filter(has_text="still")).to_be_visible()
    page.get_by_label("Source").fill("nowhere")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_text("No anomaly is like that.")).to_be_visible()
    page.go_back()
    _rows(page).filter(has_text="still").get_by_role("link").click()
    expect(page.get_by_role("heading", name="The three methods")).to_be_visible()
    expect(page.get_by_text(anomaly, exact=True).first).to_be_visible()


def test_an_episode_gives_the_command_that_shows_how_it_was_judged(room: Room, display: OpenDisplay) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"  # pragma: allowlist secret
    document = verdict(0, "A", source="traced", trace_id=trace)
    room.store.upsert_verdicts(document["source_day"], [document])
    anomaly = room.open_one("traced")
    page = display().open(f"/anomalies/{anomaly}")
    methods = page.get_by_role("region", name="The three methods")
    expect(methods.locator("code")).to_have_text(f"anomalyctl logs --trace {trace}")


def test_what_was_typed_for_another_action_outlives_a_lost_race(room: Room, display: OpenDisplay) -> None:
    anomaly = room.open_one("raced")
    page = display().open(f"/anomalies/{anomaly}")
    page.get_by_label(NOTES).fill("half a sentence")
    page.get_by_label(WHO).fill("Ola")
    actions.assign(room.store, anomaly, to="Bert", by="bert", now=datetime.now(UTC))
    page.get_by_role("button", name="Assign").click()
    told = page.get_by_role("alert").filter(has_text="assigned by bert")
    expect(told).to_contain_text("What you typed is kept.")
    told.get_by_role("button", name="Load it as it is now").click()
    expect(page.locator("header").get_by_text("assigned to Bert").first).to_be_visible()
    expect(page.get_by_label(NOTES)).to_have_value("half a sentence")
    expect(page.get_by_label(WHO)).to_have_value("Ola")
    page.get_by_role("button", name="Assign").click()
    expect(page.locator("header").get_by_text("assigned to Ola").first).to_be_visible()
    assert room.done(anomaly) == ["assign", "assign"]


def test_what_cannot_be_sent_is_told_where_it_was_typed_and_is_not_sent(
    room: Room, display: OpenDisplay
) -> None:
    anomaly = room.open_one("mistyped")
    screen = display()
    page = screen.open(f"/anomalies/{anomaly}")
    form = page.get_by_role("form", name="Resolve")
    page.get_by_label(NOTES).fill("x" * 5_000)
    expect(form.get_by_role("alert")).to_have_text("These are 5,000 characters; 4,000 are allowed.")
    assert screen.fits(400), "the command of a long note reaches out of a phone"
    form.get_by_role("button", name="Resolve", exact=True).click()
    page.get_by_label(NOTES).fill("  \n ")
    form.get_by_role("button", name="Resolve", exact=True).click()
    expect(form.get_by_role("alert")).to_have_text("Say something here first.")
    values = page.get_by_role("form", name="Modify values")
    for wrong in ("35,2", "0x10", "1_000", "high"):
        values.get_by_label("A", exact=False).first.fill(wrong)
        values.get_by_label("Why the value was wrong").fill("meter")
        values.get_by_role("button", name="Modify").click()
        expect(values.get_by_role("alert")).to_contain_text("A: this is not a number")
    assert room.done(anomaly) == []


def test_a_double_click_acts_once(room: Room, display: OpenDisplay) -> None:
    anomaly = room.open_one("twice")
    page = display().open(f"/anomalies/{anomaly}")
    page.get_by_label(NOTES).fill("valve freed")
    page.get_by_role("button", name="Resolve", exact=True).dblclick()
    expect(page.get_by_text("Resolved.", exact=True)).to_be_visible()
    assert room.done(anomaly) == ["resolve"]


def test_try_again_shows_the_episode_once_its_store_is_back(room: Room, display: OpenDisplay) -> None:
    anomaly = room.open_one("again")
    page = display().page
    room.cosmos.process.send_signal(signal.SIGSTOP)
    try:
        page.goto(f"{room.server.address}/anomalies/{anomaly}")
        expect(page.get_by_role("alert").filter(has_text="Cosmos DB")).to_be_visible()
    finally:
        room.cosmos.process.send_signal(signal.SIGCONT)
    heading = page.get_by_role("heading", name="The three methods")
    for _ in range(10):  # For 3 s after a silence nobody is asked.
        page.get_by_role("link", name="Try again").click()
        page.wait_for_load_state()
        if heading.is_visible():
            break
        page.wait_for_timeout(1_000)
    expect(heading).to_be_visible()


def test_a_list_that_was_cut_says_so(room: Room, display: OpenDisplay) -> None:
    def cut(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, body=json.dumps({**answer.json(), "capped": True}))

    room.open_one("cut")
    screen = display(own_clock=True)
    page = screen.open("/anomalies")
    expect(page.get_by_text("newest 5,000")).to_have_count(0)
    page.route("**/api/anomalies?*", cut)
    screen.poll()
    expect(page.get_by_text("These are of the newest 5,000 alone.")).to_be_visible()


def test_the_back_button_brings_no_list_of_the_past(room: Room, display: OpenDisplay) -> None:
    def hours_later(route: Route) -> None:
        answer = route.fetch()
        later = format_time(datetime.now(UTC) + timedelta(hours=8))
        route.fulfill(response=answer, body=json.dumps({**answer.json(), "now": later}))

    anomaly = room.open_one("past")
    screen = display(own_clock=True)
    page = screen.open("/anomalies?source=past")
    _rows(page).get_by_role("link").click()
    expect(page.get_by_label(NOTES)).to_be_visible()
    page.route("**/api/anomalies/past*", hours_later)
    with page.expect_response(lambda answer: "/api/anomalies/past" in answer.url):
        screen.poll()
    page.unroute_all(behavior="wait")
    request = {"anomalyId": anomaly, "etag": "", "notes": "meanwhile"}
    done = room.server.act("resolve", request, Origin=room.server.address, Sec_Fetch_Site="same-origin")
    assert '"ok":true' in done.text
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))
    with page.expect_response(lambda answer: "/api/anomalies?" in answer.url):
        page.go_back()  # It asks at once: its turn, in ten seconds, would never come.
    expect(page.get_by_text("No anomaly is like that.")).to_be_visible()


def _rows(page: Page) -> Any:
    return page.locator("#main tbody tr")
