"""Take the README's picture of the dashboard: `python -m tests.docs.dashboard_picture [address]`.

Without an address the one that `anomalyctl status` tells is looked at, such as that of `make demo`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

PICTURE = Path(__file__).parents[2] / ".github" / "dashboard.png"


def main() -> None:
    address = sys.argv[1] if len(sys.argv) > 1 else _running()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 800}, color_scheme="light")
        page.goto(address)
        page.locator("html[data-live]").wait_for()
        page.screenshot(path=PICTURE)
        browser.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes")


def _running() -> str:
    told = subprocess.run(
        [sys.executable, "-m", "anomalyctl", "status", "--output", "json"],
        check=True,
        capture_output=True,
        text=True,
    )
    parts = json.loads(told.stdout)["parts"]
    address = next(part["address"] for part in parts if part["name"] == "dashboard")
    return str(address if address.startswith("http") else f"http://{address}")


if __name__ == "__main__":
    main()
