"""The list of anomalies in a real Chromium, and what the screens say where something cannot be had."""

from __future__ import annotations

import re
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from playwright.sync_api import Page, expect

from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.tags import Tag, TagRegistry
from anomalyctl.telemetry.times import epoch_ms, format_time
from anomalyctl.triage.episodes import Episodes
from tests.support.anomaly_stores import fresh_store
from tests.support.control_room import POLL_MS, Display
from tests.support.cosmos_server import CosmosServer, cosmos_server
from tests.support.dashboard_driver import installed_packages
from tests.support.dashboard_server import DashboardServer, dashboard_server, production_build
from tests.support.own_valkey import OwnValkey
from tests.support.verdict_documents import verdict

# The first of them may wait for a build, which takes a minute on an idle machine.
pytestmark = pytest.mark.timeout(900)

NOTES = "What it was and what was done"
HOSTILE = "50%25 ø/€ <i>a?b#c</i> \\ %"
LONG = "A_TAG_WHOSE_NAME_GOES_ON_" * 8
OpenDisplay = Callable[..., Display]


@dataclass(frozen=True)
class Room:
    """Stores with sixty open episodes, and servers of the dashboard in front of them."""

    stores: dict[str, str]
    cosmos: CosmosServer
    episodes: Episodes
    server: DashboardServer

    def open_one(self, source: str) -> str:
        """An open episode of this source; its id."""
        return self.episodes.record([verdict(0, "A", source=source)])[0].anomaly_id


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    if shutil.which("chromium") is None:
        pytest.skip("chromium is missing: apt install chromium")
    installed_packages()  # axe-core is among them
    build = production_build()
    valkey = OwnValkey(tmp_path_factory.mktemp("valkey"))
    try:
        with cosmos_server(tmp_path_factory.mktemp("cosmos")) as cosmos, fresh_store(cosmos) as store:
            stores = {
                "REDIS_CONNECTION_STRING": valkey.connection_string,
                "COSMOS_DB_CONNECTION_STRING": cosmos.connection_string,
                "COSMOS_DB_DATABASE": store.database.id,
            }
            _fill(store, valkey)
            folder = tmp_path_factory.mktemp("server")
            with dashboard_server(build, folder, ANOMALYCTL_OPERATOR="Kim", **stores) as server:
                yield Room(stores, cosmos, Episodes(store), server)
    finally:
        valkey.stop()


@pytest.fixture
def display(room: Room, chromium: Any) -> Iterator[OpenDisplay]:
    opened: list[Display] = []

    def open_display(address: str = room.server.address, own_clock: bool = True, **options: Any) -> Display:
        opened.append(Display(chromium, address, options, own_clock))
        return opened[-1]

    yield open_display
    for each in opened:
        each.context.close()
    # What the network refuses is written there by Chromium itself.
    told = [line for each in opened for line in each.told if "Failed to load resource" not in line]
    assert told == []


def test_the_list_is_filtered_by_severity_and_by_a_part_of_a_tags_name(display: OpenDisplay) -> None:
    page = display(own_clock=False).open("/anomalies")
    page.locator("#main").get_by_label("Severity").select_option("Critical")
    expect(page.get_by_role("navigation", name="Pages")).to_contain_text("1 to 20 of 20")
    page.locator("#main").get_by_label(re.compile("^Tag")).fill("pump_7")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("navigation", name="Pages")).to_contain_text("1 to 1 of 1")
    expect(page.get_by_role("table")).to_contain_text("PUMP_7_PRESSURE")
    page.get_by_role("link", name="Clear").click()
    expect(page.get_by_role("navigation", name="Pages")).to_contain_text("1 to 50 of 60")
    expect(page.locator("#main").get_by_label("Severity")).to_have_value("")
    expect(page.locator("#main").get_by_label(re.compile("^Tag"))).to_have_value("")


def test_the_list_is_sorted_and_its_second_page_has_the_rest(display: OpenDisplay) -> None:
    page = display(own_clock=False).open("/anomalies")
    expect(_rows(page)).to_have_count(50)
    expect(_rows(page).first).to_contain_text("PUMP_59_PRESSURE")
    page.get_by_role("link", name="Next").click()
    expect(_rows(page)).to_have_count(10)
    expect(_rows(page).last).to_contain_text("PUMP_0_PRESSURE")
    page.locator("#main").get_by_label("Sort").select_option("Oldest first")
    expect(_rows(page)).to_have_count(50)  # another order begins at its first page
    expect(_rows(page).first).to_contain_text("PUMP_0_PRESSURE")
    page.get_by_role("columnheader", name="Severity").get_by_role("link").click()
    expect(_rows(page).first).to_contain_text("critical")
    page.go_back()
    expect(page.locator("#main").get_by_label("Sort")).to_have_value("oldest")
    expect(_rows(page).first).to_contain_text("PUMP_0_PRESSURE")


def test_a_filter_that_nothing_passes_says_so(display: OpenDisplay) -> None:
    page = display(own_clock=False).open("/anomalies?severity=low")
    expect(page.locator("#main").get_by_text("No anomaly is like that.")).to_be_visible()
    page.goto(page.url.replace("severity=low", "severity=grave"))
    expect(page.get_by_role("alert").filter(has_text="severity")).to_contain_text("critical")


@pytest.mark.parametrize("path", ["/anomalies/NOPE", "/anomalies/nope", "/tags/NOPE", "/tags/50%25", "/no"])
def test_an_address_that_means_nothing_is_a_404_with_a_way_back(display: OpenDisplay, path: str) -> None:
    screen = display()
    answer = screen.page.goto(screen.address + path)
    assert answer is not None
    assert answer.status == 404
    expect(screen.page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    expect(screen.page.get_by_role("link", name="All anomalies")).to_be_visible()
    assert screen.violations() == []


def test_a_tag_of_any_name_has_a_screen(display: OpenDisplay) -> None:
    screen = display()
    page = screen.open("/?source=odd")
    for name, title in ((HOSTILE, HOSTILE), (LONG, LONG.replace("_", " ").strip().capitalize())):
        page.goto(screen.address + "/?source=odd")
        page.get_by_role("link", name=title).first.click()
        page.locator("canvas").wait_for()
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.get_by_text(name, exact=True).first).to_be_visible()
        assert screen.fits(1280)


def test_a_tag_that_stays_away_is_drawn_as_nothing_and_an_old_value_says_so(display: OpenDisplay) -> None:
    page = display().open("/?source=seldom")
    row = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="Seldom seen", exact=True))
    expect(row).to_contain_text("–")
    assert row.locator("path").evaluate_all("all => all.map(each => each.getAttribute('d'))") == [""]
    assert "NaN" not in page.content()
    old = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="Old value", exact=True))
    expect(old).to_contain_text("5 min ago")
    expect(page.get_by_text("min ago")).to_have_count(1)


def test_nobody_signed_in_may_read_and_not_act(room: Room, display: OpenDisplay, tmp_path: Path) -> None:
    anomaly = room.open_one("signed-out")
    with dashboard_server(room.server.build, tmp_path, **room.stores) as server:
        page = display(server.address).open(f"/anomalies/{anomaly}")
        expect(page.get_by_text("Nobody is signed in")).to_be_visible()
        expect(page.get_by_role("button", name="Resolve")).to_be_disabled()


def test_an_episode_whose_store_is_away_says_so_and_comes_back(room: Room, display: OpenDisplay) -> None:
    anomaly, unseen = room.open_one("away"), room.open_one("away-unseen")
    screen = display()
    page = screen.open(f"/anomalies/{anomaly}")
    room.cosmos.process.send_signal(signal.SIGSTOP)
    try:
        screen.poll_until(lambda: page.locator("[data-trust=away]").count() == 1, "nobody said it", polls=3)
        expect(page.get_by_role("heading", level=1)).to_have_text("A")
        expect(page.get_by_text("Cosmos DB did not answer")).to_be_visible()
        other = display(own_clock=False).page
        other.goto(f"{room.server.address}/anomalies/{unseen}")
        expect(other.get_by_role("alert").filter(has_text="Cosmos")).to_be_visible()
        other.goto(f"{room.server.address}/anomalies?source=never-asked")
        expect(other.get_by_text("Nobody knows now what is open")).to_be_visible()
        expect(other.get_by_text("All is quiet")).to_have_count(0)
    finally:
        room.cosmos.process.send_signal(signal.SIGCONT)
    screen.poll_until(lambda: page.locator("[data-trust=live]").count() == 1, "it did not come back", polls=4)


def test_a_server_that_is_gone_leaves_no_part_called_well(display: OpenDisplay) -> None:
    page = display().open("/")
    expect(page.get_by_role("list", name="Health of the parts")).to_be_visible()
    page.route("**/api/overview*", lambda route: route.abort())
    page.clock.run_for(POLL_MS)
    expect(page.get_by_text("does not answer").first).to_be_visible()
    expect(page.get_by_role("list", name="Health of the parts")).to_have_count(0)


def test_what_was_typed_survives_a_reload(room: Room, display: OpenDisplay) -> None:
    page = display().open(f"/anomalies/{room.open_one('draft')}")
    page.get_by_label(NOTES).fill("half a sentence")
    page.reload()
    expect(page.get_by_label(NOTES)).to_have_value("half a sentence")


def test_the_command_is_copied_as_a_shell_reads_it(room: Room, display: OpenDisplay) -> None:
    anomaly = room.open_one("copied")
    screen = display(permissions=["clipboard-read", "clipboard-write"])
    page = screen.open(f"/anomalies/{anomaly}")
    page.get_by_label(NOTES).fill("it's $HOME")
    form = page.get_by_role("form", name="Resolve")
    form.get_by_role("button", name="Copy the command").click()
    expect(form.get_by_text("Copied", exact=True)).to_be_visible()
    expected = f"anomalyctl anomalies resolve {anomaly} --notes 'it'\\''s $HOME'"
    assert page.evaluate("navigator.clipboard.readText()") == expected


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"status": 500, "body": "no"}, "it is not known whether this was done"),
        ({"status": 404, "headers": {"x-nextjs-action-not-found": "1"}}, "older version"),
    ],
)
def test_an_action_that_fails_keeps_what_was_typed(
    room: Room, display: OpenDisplay, answer: dict[str, Any], said: str
) -> None:
    anomaly = room.open_one(f"failing-{answer['status']}")
    page = display().open(f"/anomalies/{anomaly}")
    page.route(
        "**/anomalies/*",
        lambda route: route.fulfill(**answer) if route.request.method == "POST" else route.continue_(),
    )
    page.get_by_label(NOTES).fill("kept")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible()
    expect(page.get_by_label(NOTES)).to_have_value("kept")
    expect(page.get_by_role("button", name="Resolve")).to_be_enabled()


def test_without_javascript_a_screen_says_that_it_stands_still(room: Room, display: OpenDisplay) -> None:
    # Chromium under a driver keeps `noscript` hidden, so that it is looked for in what the server sends.
    found = re.search("<noscript>(.*?)</noscript>", room.server.client.get("/").text)
    assert found is not None
    assert "stands still without JavaScript" in found[1]
    page = display(own_clock=False, java_script_enabled=False).page
    page.goto(room.server.address + "/")
    expect(page.get_by_role("heading", name="Core tags")).to_be_visible()


def _rows(page: Page) -> Any:
    return page.locator("#main tbody tr")


def _fill(store: AnomalyStore, valkey: OwnValkey) -> None:
    """Sixty episodes a minute apart, every third critical; and tags of odd names."""
    for number in range(60):
        severity = "critical" if number % 3 == 1 else "high"
        name = f"PUMP_{number}_PRESSURE"
        Episodes(store).record([verdict(60.0 * number, name, source=f"well-{number}", severity=severity)])
    client = valkey.client()
    try:
        now = datetime.now(UTC).replace(microsecond=0)
        reading = orjson.dumps({"timestamp": format_time(now), HOSTILE: 1.5, LONG: 2.5})
        readings = ReadingStore(client)
        readings.append("odd", [(epoch_ms(now), reading)], origin="live")
        readings.save_registry(
            "seldom", TagRegistry({"SELDOM_SEEN": Tag("SELDOM_SEEN"), "A": Tag("A", core=True)})
        )
        for age_s, values in ((300, {"A": 1.0, "OLD_VALUE": 3.0}), (0, {"A": 1.5})):
            at = now - timedelta(seconds=age_s)
            payload = orjson.dumps({"timestamp": format_time(at), **values})
            readings.append("seldom", [(epoch_ms(at), payload)], origin="live")
    finally:
        client.close()
