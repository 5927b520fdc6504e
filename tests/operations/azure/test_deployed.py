"""What is known of an Azure environment: read from its state once, kept without secrets, and read anew."""

from __future__ import annotations

import json
import re
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from anomalyctl.errors import PreconditionFailed
from anomalyctl.operations.deployed import deployed
from tests.support.azure_environment import AUDIENCE, CHECKOUT, AzureEnvironment


def test_what_is_kept_of_the_state_is_private_and_holds_no_secret(azure: AzureEnvironment) -> None:
    found = deployed("dev", environ=azure.environ())
    kept = azure.root / ".anomalyctl" / "dev" / "outputs.json"
    text = kept.read_text()
    assert "s3cret-of-the-state" not in text and "redis_connection_string" not in text
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(text)["serial"] == found.serial == 1
    assert found.ids["azurerm_managed_redis.this[0]"].endswith("/redisEnterprise/amr-dev")
    assert [rule.name for rule in found.alerts] == ["queue-lag", "cosmos-throttled", "redis-memory"]


def test_the_state_is_read_once_and_again_when_it_has_changed(azure: AzureEnvironment) -> None:
    environ, runs = azure.environ(), azure.root / ".anomalyctl" / "runs"
    deployed("dev", environ=environ)
    first = len(list(runs.iterdir()))
    later = time.time() + 3600
    assert deployed("dev", environ=environ, clock=lambda: later).serial == 1
    assert len(list(runs.iterdir())) == first  # Terraform was not asked
    azure.deploy(redis_host="changed.example")
    assert deployed("dev", environ=environ, clock=lambda: later).text("redis_host") == "changed.example"
    assert len(list(runs.iterdir())) == first + 1


def test_several_commands_at_once_read_the_state_without_quarrel(azure: AzureEnvironment) -> None:
    with ThreadPoolExecutor(3) as pool:
        ended = list(pool.map(lambda _: azure.run("logs", "functions", "--env", "dev"), range(3)))
    assert [one.returncode for one in ended] == [0, 0, 0], [one.stderr for one in ended]


def test_every_output_that_is_asked_for_is_one_of_terraforms() -> None:
    asked = {
        name
        for path in (CHECKOUT / "anomalyctl" / "operations").glob("*azure*.py")
        for name in re.findall(r"(?:\.text|\.optional)\(\"(\w+)\"\)", path.read_text())
    }
    told = set(
        re.findall(r'^output "(\w+)"', (CHECKOUT / "terraform" / "outputs.tf").read_text(), re.MULTILINE)
    )
    assert len(asked) > 10
    assert asked - told == set()


def test_a_disk_that_keeps_nothing_does_not_stop_a_command(
    azure: AzureEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, data: bytes) -> None:
        raise PreconditionFailed("The disk is full.")

    monkeypatch.setattr("anomalyctl.local.disk.write_private", full)
    assert deployed("dev", environ=azure.environ()).serial == 1


@pytest.mark.parametrize("text", ["", "{", "[]", '{"layout": 0}', '{"layout": 1, "alerts": [{}]}'])
def test_a_broken_cache_is_read_anew(azure: AzureEnvironment, text: str) -> None:
    deployed("dev", environ=azure.environ())
    kept = azure.root / ".anomalyctl" / "dev" / "outputs.json"
    kept.write_text(text)
    assert deployed("dev", environ=azure.environ()).text("detector_audience") == AUDIENCE
