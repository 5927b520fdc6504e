"""The commands of the life cycle on the whole, real environment, as a user types them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[2]


class Cli:
    """anomalyctl in a project of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "terraform").mkdir(parents=True)
        (root / "terraform" / "environments").symlink_to(CHECKOUT / "terraform" / "environments")
        (root / "services").symlink_to(CHECKOUT / "services")

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "anomalyctl", *arguments],
            env={
                **os.environ,
                "ANOMALYCTL_PROJECT": str(self.root),
                "NO_COLOR": "1",
                # A proxy that goes nowhere: nothing on this machine may be asked for through it.
                "HTTP_PROXY": "http://127.0.0.1:9",
                "http_proxy": "http://127.0.0.1:9",
                "REDIS_TRIGGER__redisHostName": "of-another-shell",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def status(self) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(self("status", "--output", "json").stdout)
        return answer

    def part(self, name: str) -> dict[str, Any]:
        return next(part for part in self.status()["parts"] if part["name"] == name)


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cli]:
    """The whole environment, deployed once (~5 s) and destroyed at the end."""
    cli = Cli(tmp_path_factory.mktemp("deployed"))
    done = cli("deploy", "--env", "local", "--yes")
    assert done.returncode == 0, done.stderr
    yield cli
    gone = cli("destroy", "--yes")
    assert gone.returncode == 0, gone.stderr
    assert not (cli.root / ".anomalyctl" / "local" / "secrets.json").exists()


@pytest.fixture
def fresh(tmp_path: Path) -> Cli:
    return Cli(tmp_path / "project")


def codes(*done: subprocess.CompletedProcess[str]) -> Sequence[int]:
    return [one.returncode for one in done]


def test_status_tells_each_part(deployed: Cli) -> None:
    assert within(20, lambda: deployed("status").returncode == 0)
    status = deployed.status()
    assert status["health"] == "healthy"
    assert [part["name"] for part in status["parts"]] == ["valkey", "cosmos", "detectors", "functions"]
    assert all(part["address"].startswith("127.0.0.1:") for part in status["parts"])
    assert (status["queued"], status["pending"], status["open_episodes"]) == (0, 0, 0)


def test_a_second_deploy_says_that_nothing_was_to_be_done(deployed: Cli) -> None:
    assert within(20, lambda: deployed("status").returncode == 0)
    again = deployed("deploy", "--output", "json")
    assert again.returncode == 0
    # A source file that somebody edits meanwhile makes it "restarted", rightly.
    assert json.loads(again.stdout)["outcome"] in ("unchanged", "restarted")


def test_a_killed_valkey_comes_back_with_its_data_and_status_counts_it(deployed: Cli) -> None:
    from anomalyctl.local.environment import read_connections
    from anomalyctl.stores.connections import connect_redis

    reach = read_connections(deployed.root / ".anomalyctl")
    client: Any = connect_redis(reach.redis_connection_string)
    client.set("kept", "1")
    client.execute_command("WAITAOF", 1, 0, 5000)
    before = deployed.part("valkey")
    os.kill(before["pid"], signal.SIGKILL)
    assert within(20, lambda: deployed.part("valkey")["restarts"] == before["restarts"] + 1)
    assert within(20, lambda: deployed("status").returncode == 0)
    assert client.get("kept") == b"1"
    client.close()
    assert "valkey: it was ended by SIGKILL" in deployed("logs", "supervisor").stdout


def test_a_part_that_is_down_makes_status_exit_1(deployed: Cli) -> None:
    pid = deployed.part("detectors")["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        done = deployed("status")
        assert done.returncode == 1
        assert "Detectors: no answer within" in done.stdout
    finally:
        os.kill(pid, signal.SIGCONT)
    assert within(20, lambda: deployed("status").returncode == 0)


def test_everything_that_the_real_parts_write_is_private(deployed: Cli) -> None:
    for path in (deployed.root / ".anomalyctl" / "local").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_nobody_gets_in_without_the_secret(deployed: Cli) -> None:
    import http.client

    import redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    for part in deployed.status()["parts"]:
        host, port = part["address"].split(":")
        if part["name"] == "valkey":
            client: Any = redis.Redis(host=host, port=int(port), retry=Retry(NoBackoff(), 0))
            with pytest.raises(redis.AuthenticationError):
                client.ping()
            client.close()
            continue
        path = {"cosmos": "/dbs", "detectors": "/detect/ml", "functions": "/health"}[part["name"]]
        connection = http.client.HTTPConnection(host, int(port), timeout=5)
        connection.request("POST" if part["name"] == "detectors" else "GET", path, body=b"{}")
        assert connection.getresponse().status == 401, part["name"]
        connection.close()


def test_destroy_with_nobody_to_ask_changes_nothing_and_names_the_flag(deployed: Cli) -> None:
    done = deployed("destroy")
    assert done.returncode == 3
    assert "--yes" in done.stderr
    assert within(20, lambda: deployed("status").returncode == 0)


def test_data_that_is_kept_is_there_again(deployed: Cli) -> None:
    from anomalyctl.local.environment import read_connections
    from anomalyctl.stores.connections import connect_redis

    reach = read_connections(deployed.root / ".anomalyctl")
    client: Any = connect_redis(reach.redis_connection_string)
    client.set("kept", "2")
    client.close()
    stopped = deployed("destroy", "--yes", "--keep-data", "--output", "json")
    assert json.loads(stopped.stdout)["data"] == "kept"
    assert deployed("status").returncode == 6
    assert deployed("logs", "valkey").returncode == 0
    assert deployed("deploy").returncode == 0
    assert read_connections(deployed.root / ".anomalyctl") == reach
    client = connect_redis(reach.redis_connection_string)
    assert client.get("kept") == b"2"
    client.close()


def test_where_nothing_runs_the_next_step_is_named(fresh: Cli) -> None:
    status, logs, destroy = fresh("status"), fresh("logs"), fresh("destroy")
    assert codes(status, logs, destroy) == [6, 6, 0]
    assert "anomalyctl deploy --env local" in status.stderr
    assert "nothing to destroy" in destroy.stdout


def test_a_drill_on_an_azure_environment_is_refused_in_a_sentence(fresh: Cli) -> None:
    done = fresh("drill", "database-failure", "--env", "dev", "--output", "json")
    assert done.returncode == 6
    error = json.loads(done.stderr)["error"]
    assert error["code"] == "precondition_failed"
    assert "dev is an Azure environment" in error["message"]


def test_a_file_in_place_of_the_folder_is_told_in_a_sentence(fresh: Cli) -> None:
    (fresh.root / ".anomalyctl").touch()
    done = fresh("deploy", "--output", "json")
    assert done.returncode == 6
    assert "a file stands in its place" in json.loads(done.stderr.splitlines()[-1])["error"]["message"]
    assert "Traceback" not in done.stderr
