"""A child gets no terminal, keeps its output private, and ends when it should."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from anomalyctl.processes.child import Child, start_child
from anomalyctl.processes.identity import ProcessIdentity, end_process, identify
from anomalyctl.processes.output import last_lines, rotate_output

SLEEPER = "import time; print('ready', flush=True); time.sleep(60)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('ready', flush=True); time.sleep(60)"
)


def within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def python(code: str, output: Path) -> Child:
    child = start_child([sys.executable, "-c", code], output=output)
    assert within(10, lambda: child.exit_code() is not None or "ready" in output.read_text())
    return child


def test_its_output_can_be_read_by_its_owner_alone(tmp_path: Path) -> None:
    output = tmp_path / "out.log"
    output.touch(mode=0o666)
    child = python("import sys; print('ready'); print('said', file=sys.stderr)", output)
    child.wait(10)
    assert output.stat().st_mode & 0o777 == 0o600
    assert set(output.read_text().split()) == {"ready", "said"}


def test_errors_go_to_a_file_of_their_own_where_asked(tmp_path: Path) -> None:
    child = start_child(
        [sys.executable, "-c", "import sys; print('a'); print('b', file=sys.stderr)"],
        output=tmp_path / "out",
        error_output=tmp_path / "err",
    )
    assert child.wait(10) == 0
    assert (tmp_path / "out").read_text() == "a\n"
    assert (tmp_path / "err").read_text() == "b\n"


def test_its_input_is_closed_and_its_session_its_own(tmp_path: Path) -> None:
    output = tmp_path / "out.log"
    child = python(
        "import os, sys; print('ready', sys.stdin.read() == '', os.getsid(0) == os.getpid())", output
    )
    child.wait(10)
    assert output.read_text() == "ready True True\n"


def test_it_is_asked_first_and_says_how_it_ended(tmp_path: Path) -> None:
    child = python(SLEEPER, tmp_path / "out.log")
    assert child.exit_code() is None
    assert child.stop(grace_s=5) == -signal.SIGTERM


def test_one_that_does_not_listen_is_ended_when_its_time_is_up(tmp_path: Path) -> None:
    child = python(STUBBORN, tmp_path / "out.log")
    assert child.stop(grace_s=0.2) == -signal.SIGKILL


def test_what_it_started_ends_with_it(tmp_path: Path) -> None:
    output = tmp_path / "out.log"
    code = (
        "import subprocess, sys, time; "
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
        "print('ready', p.pid, flush=True); time.sleep(60)"
    )
    child = python(code, output)
    grandchild = identify(int(output.read_text().split()[1]))
    assert grandchild is not None
    child.stop(grace_s=5)
    assert within(5, lambda: not grandchild.alive())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the parent-death signal is Linux's")
def test_a_parent_killed_without_warning_takes_its_child_along(tmp_path: Path) -> None:
    output = tmp_path / "out.log"
    code = (
        "import sys, time; from pathlib import Path; from anomalyctl.processes.child import start_child; "
        f"c = start_child([sys.executable, '-c', {SLEEPER!r}], output=Path({str(output)!r})); "
        "print(c.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    identity = identify(int(parent.stdout.readline()))
    assert identity is not None
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert within(5, lambda: not identity.alive())


def test_a_number_used_again_is_another_process() -> None:
    here = identify(os.getpid())
    assert here is not None
    assert here.alive()
    assert not ProcessIdentity(pid=here.pid, started=here.started + 1).alive()


def test_ending_a_stranger_that_took_the_number_is_refused(tmp_path: Path) -> None:
    child = python(SLEEPER, tmp_path / "out.log")
    assert child.identity is not None
    assert end_process(ProcessIdentity(child.pid, child.identity.started - 1), grace_s=1)
    assert child.exit_code() is None
    child.stop(grace_s=5)


def test_a_stubborn_process_that_is_no_child_is_ended_too(tmp_path: Path) -> None:
    child = python(STUBBORN, tmp_path / "out.log")
    assert child.identity is not None
    assert end_process(child.identity, grace_s=0.2)
    assert child.wait(5) == -signal.SIGKILL


def test_output_is_cut_while_its_writer_goes_on(tmp_path: Path) -> None:
    output = tmp_path / "out.log"
    code = (
        "import sys, time\nprint('x' * 5000, flush=True)\nprint('ready', flush=True)\n"
        "time.sleep(0.01)\nwhile True:\n    print('later', flush=True); time.sleep(0.02)"
    )
    child = python(code, output)
    assert rotate_output(output, limit=4096)
    assert (tmp_path / "out.log.1").stat().st_mode & 0o777 == 0o600
    assert "x" * 5000 in (tmp_path / "out.log.1").read_text()
    assert within(5, lambda: output.read_bytes().startswith(b"later"))  # no hole where the old lines were
    child.stop(grace_s=5)
    assert not rotate_output(tmp_path / "none", limit=1)


def test_the_last_lines_are_found_without_reading_all(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_text("".join(f"{i} {'y' * 100}\n" for i in range(5000)))
    assert [line.split()[0] for line in last_lines(file, 3)] == ["4997", "4998", "4999"]
    assert last_lines(file, 0) == []
    assert len(last_lines(file, 10_000)) == 5000
    assert last_lines(tmp_path / "none", 5) == []
