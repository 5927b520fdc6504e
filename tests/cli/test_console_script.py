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
