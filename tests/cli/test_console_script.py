"""The installed console script, as a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(sys.executable).with_name("anomalyctl")
HEAVY = ("azure", "redis", "httpx", "fastapi", "sklearn", "pydantic", "openai", "numpy", "rich")


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=60,
    )


@pytest.mark.parametrize("argument", ["--version", "--help"])
def test_instant_answers_import_nothing_heavy(argument):
    program = (
        "import sys; sys.argv = ['anomalyctl', sys.argv[1]]\n"
        "from anomalyctl.cli.main import run\n"
        "try:\n    run()\n"
        "except SystemExit as ended:\n"
        "    assert not ended.code, ended.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, argument], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr


def test_colour_is_off_with_no_color_and_in_pipes():
    assert "\x1b[" not in run("doctor", NO_COLOR="1", FORCE_COLOR="").stdout
    assert "\x1b[" not in run("doctor").stdout


def test_a_reader_that_leaves_early_causes_no_noise():
    done = subprocess.run(
        ["/bin/sh", "-c", f"'{SCRIPT}' doctor --output json | head -n 1"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "{\n"
    assert done.stderr == ""


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", "-c", line.replace("anomalyctl", f"'{SCRIPT}'", 1)],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **environment},
        timeout=60,
    )


@pytest.mark.parametrize("closed", [">&-", "<&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("command", "code"), [("--version", 0), ("--help", 0), ("doctor", None), ("status --env nowhere", 6)]
)
def test_closed_streams_change_no_exit_code_and_are_no_bug(closed: str, command: str, code: int | None):
    done = shell(f"anomalyctl {command} {closed}")
    expected = run(*command.split()).returncode if code is None else code
    assert done.returncode == expected
    assert "bug" not in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_device_is_told_as_one_and_the_exit_code_of_an_error_outlives_it():
    full = shell("anomalyctl doctor >/dev/full")
    assert full.returncode == 1
    assert full.stderr.startswith("Failed: No space is left on the device.")
    assert shell("anomalyctl status --env nowhere 2>/dev/full").returncode == 6


def test_a_locale_that_knows_only_ascii_gets_utf_8_and_one_of_its_own_never_fails():
    plain = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    assert "✓" in shell("anomalyctl doctor", **plain).stdout
    assert "bug" not in shell("anomalyctl doctor", PYTHONIOENCODING="latin-1:strict", LC_ALL="C").stderr


def test_completion_knows_the_commands_and_the_environments():
    commands = run(
        _ANOMALYCTL_COMPLETE="complete_bash",
        COMP_WORDS="anomalyctl sim",
        COMP_CWORD="1",
        _TYPER_COMPLETE_ARGS="",
    )
    assert commands.stdout.split() == ["simulate"]
    names = run(_ANOMALYCTL_COMPLETE="complete_bash", COMP_WORDS="anomalyctl doctor --env p", COMP_CWORD="3")
    assert names.stdout.split() == ["perf", "prod"]


@pytest.mark.parametrize(("name", "code"), [("INT", 130), ("TERM", 143)])
def test_a_job_in_the_background_ends_with_the_signals_code(name, code):
    """A shell starts background jobs with SIGINT ignored."""
    program = (
        "import os, signal, threading; from anomalyctl.cli.commands import doctor;"
        "from anomalyctl.cli.boundary import run_command\n"
        f"def send(): os.kill(os.getpid(), signal.SIG{name}); threading.Event().wait(30)\n"
        "doctor.doctor = send\n"
        "raise SystemExit(run_command(['doctor', '--no-input']))"
    )
    line = ["/bin/sh", "-c", f'{sys.executable} -c "$0" & wait $!', program]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stderr
