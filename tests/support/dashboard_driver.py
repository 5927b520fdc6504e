"""The dashboard's data access in a Node process, asked line by line; and its packages, installed once."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CHECKOUT
from tests.support.tiny_dashboard import node_or_skip

DASHBOARD = CHECKOUT / "services" / "dashboard"
_INSTALL_S = 300
_ANSWER_S = 60


def installed_packages() -> Path:
    """The dashboard's folder with its packages installed; skips with the reason where that cannot be."""
    node = node_or_skip()
    with (DASHBOARD / ".install.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark = DASHBOARD / "node_modules" / ".package-lock.json"
        if mark.exists() and mark.stat().st_mtime >= (DASHBOARD / "package-lock.json").stat().st_mtime:
            return DASHBOARD
        done = subprocess.run(
            [str(node.npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"],
            cwd=DASHBOARD,
            capture_output=True,
            text=True,
            timeout=_INSTALL_S,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"npm ci failed in services/dashboard: {done.stderr.strip().splitlines()[-1:]}")
        mark.touch()
    return DASHBOARD


class Refused(Exception):
    """The dashboard's own refusal; `code`, `message`, `field` as it gave them."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told["message"])
        self.code, self.message, self.field = told["code"], told["message"], told.get("field")


class DashboardDriver:
    """Asks one process; thread-safe, one question at a time."""

    def __init__(self, environment: dict[str, str]) -> None:
        command = ["node", "--conditions=react-server", "--import", "tsx", "tests/drive.ts"]
        self.logs: list[str] = []
        self._turn = threading.Lock()
        self._process = subprocess.Popen(
            command,
            cwd=installed_packages(),
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def ask(self, call: str, **said: Any) -> Any:
        """The answer; raises Refused, and AssertionError for a crash."""
        process = self._process
        assert process.stdin and process.stdout
        with self._turn:
            process.stdin.write(json.dumps({"call": call, **said}) + "\n")
            process.stdin.flush()
            watch = threading.Timer(_ANSWER_S, process.kill)
            watch.start()
            try:
                told = self._told(process.stdout)
            finally:
                watch.cancel()
        if "error" in told:
            raise Refused(told["error"])
        assert "crash" not in told, told["crash"]
        return told["answer"]

    def _told(self, lines: Any) -> dict[str, Any]:
        for line in lines:
            if line.startswith("\x1e"):
                return dict(json.loads(line[1:]))
            self.logs.append(line)
        raise AssertionError("the process ended: " + "".join(self.logs[-20:]))

    def close(self) -> None:
        """End it."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(10)
        self._process.stdout.close()


@contextmanager
def dashboard_driver(redis: str, cosmos: str, database: str, **more: str) -> Iterator[DashboardDriver]:
    """A driver on these stores, closed at the end."""
    driver = DashboardDriver(
        {
            "REDIS_CONNECTION_STRING": redis,
            "COSMOS_DB_CONNECTION_STRING": cosmos,
            "COSMOS_DB_DATABASE": database,
            **more,
        }
    )
    try:
        yield driver
    finally:
        driver.close()
