"""One plant with a day behind it, and Chromium; where a part is missing the tests say which."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.operations.connecting import connect
from tests.support.command_line import CHECKOUT, CommandLine
from tests.support.control_room import PATIENCE_S, SOURCE, Display, Plant
from tests.support.dashboard_driver import installed_packages

FAULTS = ("level-shift:WATER_FLOW_RATE@10h+5m", "spike:INJECTION_PRESSURE@20h")

OpenDisplay = Callable[..., Display]


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    """An environment of its own with 24 hours of readings, two faults in them, all judged."""
    if shutil.which("chromium") is None:
        pytest.skip("chromium is missing: apt install chromium")
    installed_packages()  # axe-core is among them; without Node it skips and says so
    root = tmp_path_factory.mktemp("control-room") / "project"
    command = CommandLine(root, ANOMALYCTL_OPERATOR="Kim", ANOMALYCTL_NO_DASHBOARD="")
    _share_builds(root)
    done = command("deploy", "--yes", timeout_s=800)  # It may build the dashboard, too.
    assert done.returncode == 0, done.stderr
    try:
        options = [word for fault in FAULTS for word in ("--fault", fault)]
        command.document("simulate", "--backfill", "24h", "--seed", "7", "--source", SOURCE, *options)
        command.document("status", "--wait", "5m")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("ANOMALYCTL_PROJECT", str(command.root))
            stores = connect("local")
        yield Plant(command, stores, _address(command))
    finally:
        command("destroy", "--yes")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Debian's own; closed with the module, since an event loop comes with it."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_S * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def display(plant: Plant, chromium: Any) -> Iterator[OpenDisplay]:
    """Opens displays. At the end each must have been silent: no error, no refused script or style."""
    opened: list[Display] = []

    def open_display(own_clock: bool = True, **options: Any) -> Display:
        opened.append(Display(chromium, plant.address, options, own_clock))
        return opened[-1]

    yield open_display
    for each in opened:
        for page in each.context.pages:
            page.unroute_all(behavior="ignoreErrors")  # an answer that a test still held up for itself
        each.context.close()
    assert [line for each in opened for line in each.told] == []


def _share_builds(root: Path) -> None:
    """Keep what is built with the checkout: the second run of the tests, or `make demo`, builds nothing."""
    builds = CHECKOUT / ".anomalyctl" / "dashboard"
    builds.mkdir(mode=0o700, parents=True, exist_ok=True)
    (root / ".anomalyctl").mkdir(mode=0o700)
    (root / ".anomalyctl" / "dashboard").symlink_to(builds)


def _address(command: CommandLine) -> str:
    parts = command.document("status")["parts"]
    address = next((part["address"] for part in parts if part["name"] == "dashboard"), None)
    assert address, f"the dashboard does not run: {[part['name'] for part in parts]}"
    return address if address.startswith("http") else f"http://{address}"
