"""What Terraform gives the dashboard is what its build needs: start-up, health path, Node, settings."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from anomalyctl.local.dashboard_part import HEALTH_PATH, dashboard_part
from anomalyctl.operations.dashboard.node import OLDEST_NODE
from tests.support.hcl_blocks import Block, blocks

PROJECT = Path(__file__).parents[2]
DASHBOARD = PROJECT / "services" / "dashboard"
_NAME = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")

# Read by Azure's own parts, by Next.js and by the standalone server.
HOST = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "HOSTNAME",
    "NEXT_TELEMETRY_DISABLED",
    "NODE_ENV",
    "PORT",
}
NEEDED = {"REDIS_CONNECTION_STRING", "COSMOS_DB_CONNECTION_STRING", "FASTAPI_ENDPOINT"}


@pytest.fixture(scope="module")
def web_app() -> Block:
    found = blocks(PROJECT / "terraform", "resource")
    return next(block for block in found if block.address == "azurerm_linux_web_app.dashboard")


@pytest.fixture(scope="module")
def local_part() -> Any:
    ports = {"valkey": 1, "cosmos": 2, "detectors": 3, "dashboard": 4}
    secrets = cast(Any, SimpleNamespace(redis_password="", cosmos_key="", detector_token=""))
    return dashboard_part(Path("build"), "digest", "node", "Kari", ports, secrets)


def test_app_service_starts_what_local_starts(web_app: Block, local_part: Any) -> None:
    command = re.search(r'app_command_line\s*=\s*"(.*)"', web_app.text)
    assert command is not None
    assert command[1].split() == list(local_part.argv)
    assert re.search(r'output:\s*"standalone"', (DASHBOARD / "next.config.ts").read_text())


def test_app_service_asks_for_health_where_the_dashboard_answers(web_app: Block, local_part: Any) -> None:
    assert f'health_check_path                 = "{HEALTH_PATH}"' in web_app.text
    assert local_part.probe.path == HEALTH_PATH
    assert f'excluded_paths           = ["{HEALTH_PATH}"]' in web_app.text
    assert list((DASHBOARD / "app" / HEALTH_PATH.strip("/")).glob("route.ts*"))


def test_app_service_runs_a_node_that_the_dashboard_accepts(web_app: Block) -> None:
    line = re.search(r'node_version = "(\d+)-lts"', web_app.text)
    assert line is not None
    assert (int(line[1]),) >= OLDEST_NODE[:1]
    engines = json.loads((DASHBOARD / "package.json").read_text())["engines"]["node"]
    assert engines == f">={OLDEST_NODE[0]}.{OLDEST_NODE[1]}.0"


def test_what_terraform_sets_is_read_and_what_is_read_is_set(local_part: Any) -> None:
    text = (PROJECT / "terraform" / "settings.tf").read_text()
    block = text[text.index("dashboard_settings = merge(") :]
    shared = text[text.index("redis_settings = {") : text.index("redis_trigger_settings")]
    assigned = re.compile(r"^\s*([A-Z][A-Z0-9_]+)\s*=", re.MULTILINE)
    names = {*assigned.findall(block[: block.index("\n  })")]), *assigned.findall(shared)}
    read = _names_in_code()
    assert names - HOST <= read
    assert names >= NEEDED | {"ANOMALYCTL_ENV"}
    assert set(local_part.env) - HOST <= read
    assert set(local_part.env) >= NEEDED


def _names_in_code() -> set[str]:
    found: set[str] = set()
    for path in (
        *DASHBOARD.glob("*.ts"),
        *(DASHBOARD / "lib").rglob("*.ts"),
        *(DASHBOARD / "app").rglob("*.ts*"),
    ):
        found.update(_NAME.findall(path.read_text()))
    return found
