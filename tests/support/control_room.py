"""A plant with its dashboard, and browsers in front of it: what the tests of the screens stand on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
from playwright.sync_api import Browser, BrowserContext, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from anomalyctl.operations.connections import Connections
from anomalyctl.telemetry.times import format_time, from_epoch_ms
from tests.support.command_line import CHECKOUT, CommandLine

SOURCE = "well-1"
POLL_MS = 10_000
PATIENCE_S = 120.0
"""How long what is waited for may take on a machine that is busy with other things; no claim of ours."""
_AXE = CHECKOUT / "services" / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
_DRAWING_S = 5.0
"""From an answer to its picture; shorter than it takes to the next answer."""
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@dataclass(frozen=True)
class Plant:
    """A deployed environment `local`: its commands, its stores, the address of its dashboard."""

    command: CommandLine
    stores: Connections
    address: str

    def write(self, **changed: Any) -> int:
        """Send one reading, the last one with some values changed. Its time in ms."""
        store = self.stores.readings
        newest = store.newest_ms(SOURCE)
        assert newest is not None, f"{SOURCE} has sent nothing yet"
        _, payload = store.window(SOURCE, newest, newest)[-1]
        # A second is enough to be another reading: tests do not wait for ten.
        ms = max(newest + 1_000, int(time.time() * 1000))
        reading = {**orjson.loads(payload), **changed, "timestamp": format_time(from_epoch_ms(ms))}
        store.append(SOURCE, [(ms, orjson.dumps(reading))], origin="live")
        return ms

    def send(self, **changed: Any) -> int:
        """The same, and wait for its verdict."""
        ms = self.write(**changed)
        judged = self.stores.readings.newest_judged_ms
        wait_until(lambda: (judged(SOURCE) or 0) >= ms, "the reading was not judged")
        return ms

    def episodes(self, *filters: str) -> list[dict[str, Any]]:
        """What the command lists."""
        rows: list[dict[str, Any]] = self.command.document("anomalies", "list", *filters)
        return rows

    def fault(self, tag: str, value: float) -> str:
        """Send this value until an open episode names the tag; its id."""
        found: list[dict[str, Any]] = []

        def is_found() -> bool:
            self.send(**{tag: value})
            found[:] = self.episodes("--source", SOURCE, "--tag", tag)
            return bool(found)

        wait_until(is_found, f"{tag} at {value} opened no episode")
        return str(found[0]["anomaly_id"])


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
        self.context.set_default_timeout(PATIENCE_S * 1000)
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

    def poll(self) -> None:
        """Let the time of one poll pass in the page, and wait for the answer."""
        with self.page.expect_response(lambda response: "/api/" in response.url) as answer:
            self.page.clock.run_for(POLL_MS)
        answer.value.finished()

    def poll_until(self, true: Callable[[], bool], otherwise: str, polls: int = 1) -> None:
        """Poll until it is so, at the latest once a display would have the answer to its `polls`th poll.

        However long a busy machine takes for that answer. Meanwhile it asks more often, the first time at
        once: the server remembers for some seconds what it has read.
        """
        start = time.monotonic()
        is_last = False
        while not is_last:
            is_last = time.monotonic() - start >= polls * POLL_MS / 1000
            self.poll()
            if true():
                return
        wait_until(true, otherwise, within_s=_DRAWING_S)

    def work_of(self, doing: Callable[[], None]) -> float:
        """Seconds that the page's own thread computes meanwhile; other programs do not count."""
        session = self.context.new_cdp_session(self.page)
        session.send("Performance.enable", {"timeDomain": "threadTicks"})

        def worked() -> float:
            metrics = session.send("Performance.getMetrics")["metrics"]
            return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))

        before = worked()
        doing()
        return worked() - before

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

    def fits(self, width: int) -> bool:
        """Whether no part of the screen reaches out of a window of this width, once it is drawn anew."""
        self.page.set_viewport_size({"width": width, "height": 900})
        try:
            self.page.wait_for_function(_FITS, arg=width, timeout=10_000)
        except PlaywrightTimeout:
            return False
        return True


_FITS = "width => window.innerWidth === width && document.documentElement.scrollWidth <= width"


def wait_until(true: Callable[[], bool], otherwise: str, within_s: float = PATIENCE_S) -> None:
    """Look until it is so; fails with `otherwise`."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.05)


def secrets_of(project: Path) -> list[str]:
    """The generated secrets of the environment."""
    kept = orjson.loads((project / ".anomalyctl" / "local" / "secrets.json").read_bytes())
    return [value for value in kept.values() if len(value) > 12]
