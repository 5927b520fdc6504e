"""The disk under a whole environment is full: Valkey's append-only file, the Cosmos endpoint's SQLite, logs.

All of it lies in one small file system of its own (tmpfs), which only root may mount. Elsewhere bounds that
stand in for a disk are tested alone (`--max-megabytes` of the Cosmos endpoint, Redis' MISCONF).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anomalyctl.errors import Transient
from anomalyctl.local.environment import connections
from anomalyctl.local.ports import load_ports
from anomalyctl.local.secrets_file import load_secrets
from anomalyctl.resilience.guard import Guard
from anomalyctl.resilience.policies import DATABASE
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.cosmos import connect_cosmos
from tests.support.shaken import Shaken, quiet_rows

pytestmark = pytest.mark.timeout(240)
DISK_MB = 128


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=0700", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip(f"a small file system can be mounted by root alone: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_nothing_and_all_goes_on_when_there_is_room(small_disk: Path) -> None:
    shaken = Shaken(small_disk / "project")
    try:
        rows, broken = quiet_rows("full", 160, malformed=0.02)
        shaken.send("full", rows[:40])
        shaken.wait_until_judged(60)
        ballast = _fill(small_disk)
        began = time.monotonic()
        with shaken.load({"full": rows[40:]}, pause_s=0.1):
            with pytest.raises(Transient):
                _keep_writing(shaken)
            time.sleep(max(0.0, 4 - (time.monotonic() - began)))
            assert shutil.disk_usage(small_disk).free < 100_000, "it was full all the time"
            ballast.unlink()
        shaken.wait_until_judged(90)
        shaken.wait_until(shaken.all_well, 60)
        balance = shaken.balance({"full": rows}, {"full": broken})
        assert balance.holds, balance.told()
        # Killed now, it comes back from what it wrote then.
        for part in ("valkey", "cosmos"):
            assert shaken.kill(part)
        shaken.wait_until(shaken.all_well, 60)
        assert shaken.balance({"full": rows}, {"full": broken}).holds
    finally:
        shaken.end()


def _fill(folder: Path) -> Path:
    """A file that takes the last byte."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(os.urandom(size))
            except OSError:
                continue
    return ballast


def _keep_writing(shaken: Shaken) -> None:
    ports, secrets = load_ports(shaken.folder), load_secrets(shaken.folder)
    assert secrets is not None
    client = connect_cosmos(connections(ports, secrets).cosmos_connection_string)
    once = AnomalyStore(client, guard=Guard(replace(DATABASE, attempts=1)))
    try:
        for number in range(200):
            letter = {"id": f"1-{number}", "failed_at": "2026-03-01T00:00:00Z", "source": "filler"}
            once.add_dead_letters([{**letter, "payload": "x" * 20_000}])
    finally:
        once.close()
