"""The screens in a real Chromium: true values, one winner of a race, nobody shut out, nothing let in."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Response, expect

from anomalyctl.telemetry.tags import AlarmLimits, Tag, TagRegistry
from anomalyctl.telemetry.times import format_time, from_epoch_ms
from tests.support.control_room import SOURCE, Display, Plant, secrets_of, wait_until

# The first of them may wait for a build, which takes a minute on an idle machine.
pytestmark = pytest.mark.timeout(900)

OpenDisplay = Callable[..., Display]
PLANTED = '<img src=x onerror="window.planted=1">'


def test_values_move(plant: Plant, display: OpenDisplay) -> None:
    screen = display()
    page = screen.open(f"/?source={SOURCE}")
    plant.write(INJECTION_TEMPERATURE=24.37)
    value = page.get_by_test_id("value INJECTION_TEMPERATURE")
    screen.poll_until(lambda: value.inner_text() == "24.37", "the value did not come")
    expect(page.get_by_text(re.compile(r"^Readings \d+ s ago$"))).to_be_visible()


def test_a_hidden_tab_rests_and_asks_at_once_when_it_is_seen_again(display: OpenDisplay) -> None:
    screen = display()
    page = screen.open("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/" in request.url else None)
    page.evaluate(_HIDE, True)
    asked.clear()  # The page's clock goes on by itself: its turn may have come just before.
    page.clock.run_for(60_000)
    assert asked == []
    with page.expect_response(lambda response: "/api/overview" in response.url):
        page.evaluate(_HIDE, False)


def test_zone_and_theme_are_remembered_by_what_the_server_writes(display: OpenDisplay) -> None:
    page = display().open("/anomalies?status=all")
    first = page.locator("td time").first
    local = first.inner_text()
    page.get_by_label("Times").select_option("UTC")
    page.get_by_label("Theme").select_option("Dark")
    expect(first).not_to_have_text(local)  # the display stands in Oslo
    utc = first.inner_text()
    answer = page.reload()
    assert answer is not None
    assert 'data-theme="dark"' in answer.text()
    assert utc in answer.text()
    expect(first).to_have_text(utc)


def test_a_fault_appears_within_two_polls(plant: Plant, display: OpenDisplay) -> None:
    screen = display()
    page = screen.open(f"/?source={SOURCE}")
    card = page.get_by_role("listitem").filter(
        has=page.get_by_role("link", name="Injection pressure", exact=True)
    )
    badge = card.get_by_text("High-High", exact=True)
    expect(badge).to_have_count(0)
    plant.fault("INJECTION_PRESSURE", 61.0)
    open_anomalies = page.get_by_role("region", name="Open anomalies")
    screen.poll_until(
        lambda: badge.count() == 1 and "INJECTION_PRESSURE" in open_anomalies.inner_text(),
        "the fault did not appear",
        polls=2,
    )
    expect(page.get_by_role("status").filter(has_text="Injection pressure High-High")).to_have_count(1)


def test_resolved_with_the_keyboard_alone_it_is_resolved_for_the_command(
    plant: Plant, display: OpenDisplay
) -> None:
    anomaly = plant.fault("INJECTION_PRESSURE", 61.0)
    page = display().open(f"/anomalies/{anomaly}")
    keyboard = page.keyboard
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    keyboard.press("Enter")
    _tab_to_notes(page)
    keyboard.type("Recalibrated <b>the</b> transmitter")
    expect(page.locator("code").filter(has_text="--notes 'Recalibrated")).to_be_visible()
    keyboard.press("Tab")
    keyboard.press("Enter")
    expect(page.get_by_text("Resolved by Kim")).to_be_visible()
    expect(page.get_by_role("heading", name="Act")).to_be_focused()
    [row] = [row for row in plant.episodes("--status", "resolved") if row["anomaly_id"] == anomaly]
    assert (row["resolved_by"], row["resolution_notes"]) == ("Kim", "Recalibrated <b>the</b> transmitter")


def test_what_the_command_does_shows_within_a_poll(plant: Plant, display: OpenDisplay) -> None:
    anomaly = plant.fault("HASA-4_TUBING_PRESSURE", 60.0)
    screen = display()
    page = screen.open(f"/anomalies/{anomaly}")
    for arguments, told in (
        (("assign", anomaly, "--to", "Ada"), "assigned to Ada"),
        (("resolve", anomaly, "--notes", "from the shell"), "from the shell"),
    ):
        plant.command.document("anomalies", *arguments)
        screen.poll_until(lambda told=told: page.get_by_text(told).count() > 0, f"no {told}")  # type: ignore[misc]
    expect(page.get_by_role("button", name="Reopen")).to_be_visible()


def test_of_two_browsers_one_wins_and_the_other_keeps_its_notes(plant: Plant, display: OpenDisplay) -> None:
    anomaly = plant.fault("LIQUID_TRACER_FLOW_RATE", 0.9)
    first, second = (display().open(f"/anomalies/{anomaly}") for _ in range(2))
    for page, notes in ((first, "I was first"), (second, "I was second")):
        page.get_by_label("What it was and what was done").fill(notes)
    first.get_by_role("button", name="Resolve").click()
    expect(first.get_by_text("Resolved by Kim")).to_be_visible()
    second.get_by_role("button", name="Resolve").click()
    expect(second.get_by_role("alert").filter(has_text="by Kim")).to_contain_text("resolved")
    expect(second.get_by_label("What it was and what was done")).to_have_value("I was second")
    second.get_by_role("button", name="Load it as it is now").click()
    expect(second.get_by_label("What you typed")).to_have_value("I was second")
    expect(second.get_by_role("region", name="Timeline")).to_contain_text("I was first")


def test_values_are_modified_with_a_reason_and_reopened_is_open(plant: Plant, display: OpenDisplay) -> None:
    anomaly = plant.fault("HASA-4_ANNULUS_PRESSURE", 25.0)
    plant.command.document("anomalies", "resolve", anomaly, "--notes", "too early")
    page = display().open(f"/anomalies/{anomaly}")
    page.get_by_label("Why it is not over").fill("It came back")
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("Reopened by Kim")
    form = page.get_by_role("form", name="Modify values")
    form.get_by_role("textbox").first.fill("1,5")
    form.get_by_role("button", name="Modify").click()
    expect(form.get_by_role("alert")).to_contain_text("not a number")
    form.get_by_role("textbox").first.fill("1.5")
    form.get_by_label("Why the value was wrong").fill("The meter was off")
    form.get_by_role("button", name="Modify").click()
    expect(page.get_by_role("region", name="Timeline")).to_contain_text("The meter was off")
    [row] = [row for row in plant.episodes() if row["anomaly_id"] == anomaly]
    assert list(row["modified_values"].values()) == [1.5]


SCREENS = {
    "overview": "/",
    "tag": f"/tags/WATER_FLOW_RATE?source={SOURCE}",
    "anomalies": "/anomalies?status=all",
    "episode": "@",
}


@pytest.mark.parametrize("name", SCREENS)
def test_nobody_is_shut_out(plant: Plant, display: OpenDisplay, name: str) -> None:
    path = SCREENS[name]
    if path == "@":
        path = f"/anomalies/{plant.episodes('--status', 'all')[0]['anomaly_id']}"
    for theme in ("light", "dark"):
        screen = display(color_scheme=theme)
        screen.open(path)
        assert screen.violations() == [], theme
        assert [width for width in (360, 1280, 2560) if not screen.fits(width)] == [], theme


def test_a_day_of_readings_zooms_as_smoothly_as_an_hour(plant: Plant, display: OpenDisplay) -> None:
    screen = display(own_clock=False)
    page = screen.open(f"/tags/WATER_FLOW_RATE?source={SOURCE}")
    page.locator("canvas").wait_for()
    expect(page.get_by_text(re.compile(r"^8\d{3} readings from"))).to_be_visible()
    day, hour = (screen.work_of(lambda length=length: _zoom(page, length)) for length in ("24 h", "1 h"))  # type: ignore[misc]
    # 24 times the points: far from 24 times the work, or somebody would feel it.
    assert day < 12 * hour, (day, hour)
    page.get_by_role("button", name="6 h").click()
    expect(page.get_by_test_id("range")).to_contain_text("(6 h)")
    page.get_by_role("group", name=re.compile("^Chart")).press("+")
    expect(page.get_by_test_id("range")).to_contain_text("(3 h)")
    page.get_by_text("The same as a table").click()
    expect(page.get_by_role("table").get_by_role("row").nth(6)).to_be_visible()


def test_what_a_sender_wrote_stays_text(plant: Plant, display: OpenDisplay) -> None:
    limits = AlarmLimits(high=5.0, high_high=8.0)
    tag = Tag(PLANTED, PLANTED, "<b>", PLANTED, limits=limits, causes={"High-High": PLANTED, "High": PLANTED})
    plant.stores.readings.save_registry("planted", TagRegistry({PLANTED: tag}))
    source = plant.stores.readings
    stamp = plant.send()
    reading = f'{{"timestamp": "{_iso(stamp)}", {_quoted(PLANTED)}: 9.5}}'.encode()
    source.append("planted", [(stamp, reading)], origin="live")
    wait_until(lambda: (source.newest_judged_ms("planted") or 0) >= stamp, "it was not judged")
    anomaly = plant.episodes("--source", "planted")[0]["anomaly_id"]
    page = display().open("/?source=planted")
    for path in ("/?source=planted", f"/anomalies/{anomaly}", "/anomalies?source=planted"):
        page.goto(plant.address + path)
        expect(page.get_by_text(PLANTED).first).to_be_visible()
    page.goto(plant.address + "/?source=planted")
    page.get_by_role("link", name=PLANTED).first.click()
    page.locator("canvas").wait_for()
    assert page.evaluate("window.planted") is None
    assert page.locator("main img").count() == 0


def test_no_credential_reaches_the_browser(plant: Plant, display: OpenDisplay) -> None:
    screen = display()
    answers: list[Response] = []
    screen.page.on("response", lambda answer: answers.append(answer))
    anomaly = plant.episodes("--status", "all")[0]["anomaly_id"]
    told = ""
    for path in ("/", f"/tags/CO2_FLOW_RATE?source={SOURCE}", "/anomalies", f"/anomalies/{anomaly}"):
        answers.clear()
        screen.open(path)
        screen.poll()
        told += "\n".join(answer.text() for answer in answers if answer.ok)
    assert len(told) > 500_000
    assert [secret for secret in secrets_of(plant.command.root) if secret in told] == []


def test_the_first_screen_is_small_and_quick(plant: Plant, display: OpenDisplay) -> None:
    screen = display(own_clock=False)
    scripts: list[Request] = []
    screen.page.on(
        "requestfinished", lambda request: scripts.append(request) if ".js" in request.url else None
    )
    page = screen.open("/")
    size = sum(script.sizes()["responseBodySize"] for script in scripts)
    assert 20_000 < size < 200_000
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    print(f"first screen: {size:,} bytes of script over the wire, loaded in {loaded:.0f} ms")


def test_redis_away_is_told_and_what_was_known_stays(plant: Plant, display: OpenDisplay) -> None:
    screen = display()
    page = screen.open(f"/?source={SOURCE}")
    value = page.get_by_test_id("value CO2_FLOW_RATE")
    before = value.inner_text()
    pid = next(part["pid"] for part in plant.command.document("status")["parts"] if part["name"] == "valkey")
    os.kill(pid, signal.SIGSTOP)
    try:
        region = page.get_by_role("region", name="Core tags")
        screen.poll_until(lambda: region.get_attribute("data-trust") == "away", "nobody said it", polls=2)
        expect(page.get_by_text(re.compile("Readings.*away.*Redis")).first).to_be_visible()
        expect(value).to_have_text(before)
        assert screen.violations() == []
    finally:
        os.kill(pid, signal.SIGCONT)
    screen.poll_until(lambda: region.get_attribute("data-trust") != "away", "it did not come back")
    plant.write(CO2_FLOW_RATE=40.11)
    screen.poll_until(
        lambda: (value.inner_text(), region.get_attribute("data-trust")) == ("40.11", "live"),
        "the new value did not come",
    )


_HIDE = """hidden => {
  Object.defineProperty(document, 'hidden', {value: hidden, configurable: true});
  document.dispatchEvent(new Event('visibilitychange'));
}"""


def _zoom(page: Page, length: str) -> None:
    """Show this length six times, and each time a length between in order to come back to it."""
    for _ in range(6):
        page.get_by_role("button", name=length, exact=True).click()
        page.get_by_role("button", name="6 h", exact=True).click()


def _tab_to_notes(page: Page) -> None:
    """Press Tab until the notes are focused, as somebody without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "TEXTAREA":
            return
    raise AssertionError("Tab does not reach the notes")


def _iso(ms: int) -> str:
    return format_time(from_epoch_ms(ms))


def _quoted(text: str) -> str:
    return json.dumps(text)
