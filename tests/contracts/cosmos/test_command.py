"""`python -m anomalyctl.local.cosmos`: what it wants before it serves."""

from __future__ import annotations

import os
import stat
import subprocess
import sys

from tests.support.cosmos_server import KEY, cosmos_server


def run(*arguments, key=KEY):
    environment = {name: value for name, value in os.environ.items() if name != "COSMOS_ENDPOINT_KEY"}
    if key is not None:
        environment["COSMOS_ENDPOINT_KEY"] = key
    command = [sys.executable, "-m", "anomalyctl.local.cosmos", "--port", "1", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


def test_without_a_key_it_does_not_start(tmp_path):
    ended = run("--data", str(tmp_path / "x.sqlite"), key=None)
    assert ended.returncode == 6
    assert "COSMOS_ENDPOINT_KEY" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_with_a_key_that_is_none_it_does_not_start(tmp_path):
    for key in ("not base64 !", "c2hvcnQ="):
        ended = run("--data", str(tmp_path / "x.sqlite"), key=key)
        assert ended.returncode == 64
        assert key not in ended.stderr


def test_in_a_folder_that_is_not_there_it_says_so(tmp_path):
    ended = run("--data", str(tmp_path / "nowhere" / "x.sqlite"))
    assert ended.returncode == 6
    assert "nowhere" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_file_that_is_no_database_is_refused(tmp_path):
    (tmp_path / "x.sqlite").write_text("this is a letter, not a database " * 100)
    ended = run("--data", str(tmp_path / "x.sqlite"))
    assert ended.returncode == 6
    assert "Traceback" not in ended.stderr


def test_a_taken_port_is_said_in_a_sentence(tmp_path):
    with cosmos_server(tmp_path) as server:
        command = ["--data", str(tmp_path / "other.sqlite"), "--port", str(server.port)]
        ended = run(*command)
        assert ended.returncode == 6
        assert str(server.port) in ended.stderr


def test_one_file_has_one_server_and_nobody_else_may_read_it(tmp_path):
    with cosmos_server(tmp_path) as server:
        ended = run("--data", str(server.data))
        assert ended.returncode == 5
        modes = {found.name: stat.S_IMODE(found.stat().st_mode) for found in tmp_path.glob("cosmos.sqlite*")}
        assert set(modes.values()) == {0o600}
