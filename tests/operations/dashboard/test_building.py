"""Building the dashboard: by the real npm and Node, from sources that need no download."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.errors import MissingTool, PreconditionFailed
from anomalyctl.operations.dashboard import building
from anomalyctl.operations.dashboard.build_failures import BuildFailed, why_it_failed
from anomalyctl.operations.dashboard.node import find_node
from anomalyctl.operations.dashboard.sources import copy_sources, source_files, sources_digest


def test_a_build_is_the_standalone_server_with_its_assets(tiny: Any) -> None:
    built = tiny.builder().build(threading.Event())
    assert built.server.is_file()
    assert (built.folder / ".next" / "static" / "app.css").is_file()
    assert (built.folder / "public" / "robots.txt").is_file()
    assert tiny.left_behind() == []


def test_the_sources_stay_as_they_were(tiny: Any) -> None:
    before = sorted(path for path in tiny.source.rglob("*"))
    tiny.builder().build(threading.Event())
    assert sorted(path for path in tiny.source.rglob("*")) == before


def test_the_same_sources_are_built_once(tiny: Any) -> None:
    built = tiny.builder().build(threading.Event())
    made = built.server.stat().st_mtime_ns
    assert tiny.builder().kept() == built
    assert tiny.builder().build(threading.Event()).server.stat().st_mtime_ns == made


def test_sources_that_change_while_it_waits_are_built_under_their_own_digest(tiny: Any) -> None:
    waiting = tiny.builder()
    tiny.word("two")
    built = waiting.build(threading.Event())
    assert "two" in built.server.read_text()
    assert built == tiny.builder().kept()


@pytest.mark.parametrize("name", ["server.txt", "package-lock.json", "app/new.tsx", "app/tests/page.tsx"])
def test_any_source_file_makes_another_build(tiny: Any, name: str) -> None:
    before = sources_digest(tiny.source, "20.9.0")
    tiny.write(name, "changed")
    assert sources_digest(tiny.source, "20.9.0") != before


def test_another_node_makes_another_build(tiny: Any) -> None:
    assert sources_digest(tiny.source, "20.9.0") != sources_digest(tiny.source, "24.0.0")


def test_an_edit_of_a_test_makes_no_other_build(tiny: Any) -> None:
    before = sources_digest(tiny.source, "20.9.0")
    tiny.write("tests/one.test.ts", "changed")
    assert sources_digest(tiny.source, "20.9.0") == before


def test_what_is_made_and_what_may_hold_secrets_is_no_source(tiny: Any) -> None:
    for name in ("node_modules/a/index.js", ".next/cache/x", ".env.local", "tsconfig.tsbuildinfo"):
        tiny.write(name, "x")
    names = {str(path) for path in source_files(tiny.source)}
    assert names == {"build.mjs", "package-lock.json", "package.json", "public/robots.txt", "server.txt"}


def test_a_failed_build_says_why_in_one_line_and_keeps_the_last_good_one(tiny: Any) -> None:
    good = tiny.builder().build(threading.Event())
    tiny.write("broken.txt", "Property 'x' does not exist.")
    with pytest.raises(BuildFailed) as failed:
        tiny.builder().build(threading.Event())
    assert "Type error: Property 'x' does not exist" in failed.value.message
    assert "\n" not in failed.value.message
    assert str(tiny.log) in failed.value.hint
    assert tiny.left_behind() == []
    assert good.server.is_file()


def test_a_build_that_makes_no_server_is_a_failure(tiny: Any) -> None:
    tiny.write("build.mjs", "console.log('nothing');")
    with pytest.raises(BuildFailed, match=r"no \.next/standalone/server\.js"):
        tiny.builder().build(threading.Event())


def test_npm_without_its_registry_is_told_as_that(tiny: Any) -> None:
    _need_a_package(tiny, "https://packages.example/")
    builder = tiny.builder(npm_config_registry="http://127.0.0.1:9/")
    with pytest.raises(BuildFailed, match="npm does not reach its registry") as failed:
        builder.build(threading.Event())
    assert "npm config set registry" in failed.value.hint
    assert tiny.left_behind() == []


def test_a_registry_that_takes_questions_and_never_answers_is_given_up(
    tiny: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(building, "_SILENCE_LIMIT_S", 2.0)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        _need_a_package(tiny, address)
        with pytest.raises(BuildFailed, match="heard nothing of its registry for 2 s") as failed:
            tiny.builder(npm_config_registry=address).build(threading.Event())
    assert "npm config set registry" in failed.value.hint
    assert tiny.left_behind() == []


def test_sources_that_may_not_be_written_are_built_in_a_copy_that_may(tiny: Any, tmp_path: Path) -> None:
    for path in tiny.source.rglob("*"):
        path.chmod(0o555 if path.is_dir() else 0o444)
    tiny.source.chmod(0o555)
    try:
        copy = tmp_path / "copy"
        copy_sources(tiny.source, copy)
    finally:
        for path in (tiny.source, *tiny.source.rglob("*")):
            path.chmod(0o755)
    assert all(path.stat().st_mode & 0o200 for path in (copy, *copy.rglob("*")))


def test_a_cancelled_build_ends_its_processes_and_leaves_nothing(tiny: Any) -> None:
    tiny.write("slow.txt", "x")
    builder, cancelled, raised = tiny.builder(), threading.Event(), []

    def build() -> None:
        try:
            builder.build(cancelled)
        except PreconditionFailed as error:
            raised.append(error)

    thread = threading.Thread(target=build)
    thread.start()
    deadline = time.monotonic() + 30
    while "slow" not in (tiny.log.read_text() if tiny.log.exists() else ""):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    cancelled.set()
    thread.join(10)
    assert not thread.is_alive()
    assert raised
    assert tiny.left_behind() == []
    deadline = time.monotonic() + 5  # a process that was just killed is listed for a moment
    while _running_in(tiny.home):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_builders_at_once_make_one_build(tiny: Any) -> None:
    built: list[Any] = []
    threads = [
        threading.Thread(target=lambda: built.append(tiny.builder().build(threading.Event())))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(built) == 2
    assert built[0] == built[1]
    assert tiny.log.read_text().count("> node build.mjs") == 1


def test_what_a_killed_build_left_is_no_build(tiny: Any) -> None:
    (tiny.home / "working").mkdir(parents=True)
    (tiny.home / "working" / "half").touch()
    (tiny.home / "builds" / tiny.builder().digest).mkdir(parents=True)
    assert tiny.builder().kept() is None
    assert tiny.builder().build(threading.Event()).server.is_file()
    assert tiny.left_behind() == []


def test_what_a_killed_command_started_and_still_writes_does_not_disturb_the_next_build(tiny: Any) -> None:
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                (tiny.home / "working" / "deep").mkdir(parents=True, exist_ok=True)

    straggler = threading.Thread(target=write)
    straggler.start()
    try:
        assert tiny.builder().build(threading.Event()).server.is_file()
    finally:
        stop.set()
        straggler.join()
    tiny.word("two")
    tiny.builder().build(threading.Event())
    assert tiny.left_behind() == []


def test_old_builds_are_forgotten(tiny: Any) -> None:
    for word in ("one", "two", "three"):
        tiny.word(word)
        newest = tiny.builder().build(threading.Event())
    kept = list((tiny.home / "builds").iterdir())
    assert len(kept) == 2
    assert newest.folder in kept


@pytest.mark.parametrize(
    ("programs", "told"),
    [
        ({}, "needs Node, which is not installed"),
        ({"node": "v18.20.4", "npm": "9.2.0"}, "needs Node 20.9 or newer; .* is 18.20.4"),
        ({"node": "v20.8.1", "npm": "10.1.0"}, "needs Node 20.9 or newer"),
        ({"node": "v22.1.0"}, "needs npm, which is not installed"),
        ({"node": "nonsense", "npm": "10.1.0"}, "does not say its version"),
    ],
)
def test_a_node_that_will_not_do_is_told_in_one_line(a_path_with: Any, programs: Any, told: str) -> None:
    with pytest.raises(MissingTool, match=told) as missing:
        find_node(a_path_with(**programs))
    assert "apt install nodejs npm" in missing.value.hint
    assert "\n" not in missing.value.message + missing.value.hint


def test_a_node_that_will_do_is_found_with_its_version(a_path_with: Any) -> None:
    found = find_node(a_path_with(node="v24.1.0", npm="11.0.0"))
    assert found.version == "24.1.0"


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("npm error code ENOTCACHED\nnpm error request to https://x failed", "does not reach its registry"),
        ("npm error code EAI_AGAIN", "does not reach its registry"),
        ("npm error code SELF_SIGNED_CERT_IN_CHAIN", "does not trust the registry's certificate"),
        (
            "npm error code EUSAGE\nnpm error\nnpm error `npm ci` can only install",
            "`npm ci` can only install",
        ),
        ("\x1b[31mFailed to compile.\x1b[39m\n\n./app/page.tsx:3:1\nType error: No.", "Type error: No"),
        ("npm error code ENOSPC", "the disk is full"),
        ("FATAL: write failed: No space left on device (os error 28)", "the disk is full"),
        ("", "ended with exit code 1"),
    ],
)
def test_the_line_that_says_most_is_told(tmp_path: Path, log: str, told: str) -> None:
    path = tmp_path / "log"
    path.write_text(log)
    failed = why_it_failed("compiling", 1, path)
    assert told in failed.message
    assert "\n" not in failed.message


def _need_a_package(tiny: Any, registry: str) -> None:
    """One that no cache holds."""
    needed = {"name": "tiny", "version": "0.0.0", "dependencies": {"never-cached-x": "1.0.0"}}
    fetched = {"version": "1.0.0", "resolved": f"{registry}never-cached-x-1.0.0.tgz"}
    packages = {"": needed, "node_modules/never-cached-x": fetched}
    lock = {"name": "tiny", "version": "0.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
    tiny.write("package-lock.json", json.dumps(lock))
    tiny.write("package.json", json.dumps(needed))


def _running_in(folder: Path) -> list[str]:
    """Processes whose working folder is below `folder`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                if str((entry / "cwd").readlink()).startswith(str(folder)):
                    found.append(entry.name)
            except OSError:
                continue
    return found
