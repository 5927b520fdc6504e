"""A plant with its dashboard, and browsers in front of it: what the tests of the screens stand on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from playwright.sync_api import Browser, BrowserContext, Page

from anomalyctl.operations.connections import Connections
from anomalyctl.telemetry.times import epoch_ms, format_time, from_epoch_ms, parse_time
from tests.support.command_line import CHECKOUT, CommandLine

SOURCE = "well-1"
POLL_MS = 10_000
_AXE = CHECKOUT / "services" / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Plant:
    """A deployed environment `local`: its commands, its stores, the address of its dashboard."""

    command: CommandLine
    stores: Connections
    address: str

    def send(self, source: str = SOURCE, **changed: Any) -> int:
        """Send one reading, the last one with some values changed; wait for its verdict. Its time in ms."""
        store = self.stores.readings
        newest = store.newest_ms(source)
        assert newest is not None, f"{source} has sent nothing yet"
        _, payload = store.window(source, newest, newest)[-1]
        # A second is enough to be another reading: tests do not wait for ten.
        ms = max(newest + 1_000, int(time.time() * 1000))
        reading = {**orjson.loads(payload), **changed, "timestamp": format_time(from_epoch_ms(ms))}
        store.append(source, [(ms, orjson.dumps(reading))], origin="live")
        wait_until(lambda: (store.newest_judged_ms(source) or 0) >= ms, "the reading was not judged")
        return ms

    def episodes(self, *filters: str) -> list[dict[str, Any]]:
        """What the command lists."""
        rows: list[dict[str, Any]] = self.command.document("anomalies", "list", *filters)
        return rows

    def open_episode(self, tag: str, source: str = SOURCE) -> str:
        """The id of the newest open episode that names the tag."""
        return str(self.episodes("--source", source, "--tag", tag)[0]["anomaly_id"])


@dataclass
class Display:
    """One browser window, with all that its pages said to the console."""

    browser: Browser
    address: str
    options: dict[str, Any] = field(default_factory=dict)
    own_clock: bool = True
    """The page's timers obey `poll`, so that no test waits for ten seconds."""
    told: list[str] = field(default_factory=list)
    context: BrowserContext = field(init=False)
    page: Page = field(init=False)

    def __post_init__(self) -> None:
        usual = {"viewport": {"width": 1280, "height": 860}, "timezone_id": "Europe/Oslo"}
        self.context = self.browser.new_context(**{**usual, **self.options})
        self.context.set_default_timeout(15_000)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.told.append(message.text))
        self.page.on("pageerror", lambda error: self.told.append(str(error)))
        if self.own_clock:
            self.page.clock.install()

    def open(self, path: str) -> Page:
        """Open a screen and wait until it is alive."""
        self.page.goto(self.address + path)
        self.page.locator("html[data-live]").wait_for()
        return self.page

    def poll(self, times: int = 1) -> None:
        """Let the time of so many polls pass in the page, and wait for the answers."""
        for _ in range(times):
            with self.page.expect_response(lambda response: "/api/" in response.url):
                self.page.clock.run_for(POLL_MS)

    def violations(self) -> list[str]:
        """What axe finds wrong with the screen, a line each."""
        self.page.evaluate(_AXE.read_text())
        found = self.page.evaluate(
            "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", _RULES
        )
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]

    def overhang(self) -> int:
        """How many pixels the screen is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth"))


def wait_until(true: Callable[[], bool], otherwise: str, within_s: float = 20) -> None:
    """Look until it is so; fails with `otherwise`."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def newest_time(plant: Plant) -> int:
    """The time (ms) of the newest reading, as `status` would tell."""
    return plant.stores.readings.newest_ms(SOURCE) or epoch_ms(parse_time("1970-01-01"))


def secrets_of(project: Path) -> list[str]:
    """The generated secrets of the environment."""
    kept = orjson.loads((project / ".anomalyctl" / "local" / "secrets.json").read_bytes())
    return [value for value in kept.values() if len(value) > 12]
