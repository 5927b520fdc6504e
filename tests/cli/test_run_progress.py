"""What people see of Terraform at work: a tree on a terminal, elsewhere a line a change and a heartbeat."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from pathlib import Path

import pytest

from anomalyctl.cli.run_progress import HEARTBEAT_S, _Lines
from anomalyctl.provisioning.events import Planned, ResourceEvent
from anomalyctl.provisioning.progression import Progression
from tests.support.terraform_tool import require_terraform
from tests.support.wrapped_root import WrappedRoot

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_MOVEMENT = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r")
TWO = """
resource "terraform_data" "quick" {}
resource "terraform_data" "slow" {
  input            = terraform_data.quick.id
  triggers_replace = [var.round]
  provisioner "local-exec" { command = "sleep ${var.seconds}" }
}
resource "terraform_data" "last" { input = terraform_data.slow.id }
variable "round" {}
variable "seconds" {}
"""


@pytest.fixture
def past(tmp_path: Path) -> WrappedRoot:
    """A root in which `slow` was created once, in about two seconds."""
    require_terraform()
    root = WrappedRoot(tmp_path / "root", TWO)
    root.document("deploy", "--yes", "--var", "round=1", "--var", "seconds=2")
    return root


def on_a_terminal(root: WrappedRoot, *arguments: str) -> tuple[int, str]:
    """Run a command whose standard streams are a terminal of 100 columns; its exit code and all it drew."""
    pid, terminal = pty.fork()
    if pid == 0:  # the child, whose only terminal this is
        kept = {name: os.environ[name] for name in ("PATH", "HOME")}
        kept |= {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
        command = [sys.executable, "-m", "anomalyctl", *arguments, "--project", str(root.folder)]
        os.execve(sys.executable, command, kept)  # noqa: S606 - an argument list, never a shell
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    drawn, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        ready, _, _ = select.select([terminal], [], [], 0.2)
        if ready:
            try:
                drawn += os.read(terminal, 65536)
            except OSError:  # the other end is closed
                break
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), drawn.decode("utf-8", "replace")


def test_a_terminal_shows_a_tree_with_state_elapsed_and_usual_time(past: WrappedRoot):
    code, drawn = on_a_terminal(past, "deploy", "--yes", "--var", "round=2", "--var", "seconds=3")
    assert code == 0, drawn
    shown = _MOVEMENT.sub("\n", _COLOUR.sub("", drawn))
    assert re.search(r"Applying to default: .* \(0 of 2\)", shown)
    assert re.search(r"[├└]── . terraform_data\.slow creating 0:0[1-3] \(usually 0:02\)", shown), shown
    assert "1 waiting" in shown
    assert re.search(r"\(✓\) Done terraform_data\.slow created in 0:0[2-4]", shown)
    assert "\x1b[?25l" in drawn, "the cursor is hidden while the tree is drawn"
    assert drawn.rindex("\x1b[?25h") > drawn.rindex("\x1b[?25l"), "and shown again at the end"


def test_without_a_terminal_each_change_is_one_line_and_nothing_moves(past: WrappedRoot):
    done = past.run("deploy", "--yes", "--var", "round=2", "--var", "seconds=0")
    assert "\x1b" not in done.stderr
    changes = [line for line in done.stderr.splitlines() if line.startswith("[")]
    assert [line.split(":")[0] for line in changes] == [
        "[1/2] terraform_data.slow",  # its deletion
        "[1/2] terraform_data.slow",
        "[2/2] terraform_data.last",
    ]


def test_a_heartbeat_tells_what_still_goes_on_and_for_how_long(capsys: pytest.CaptureFixture[str]):
    now = [100.0]
    lines = _Lines(clock=lambda: now[0])
    progression = Progression(usual={("azurerm_managed_redis", "create"): 1210.0})
    progression.take(Planned("azurerm_managed_redis.this", "create"), now[0])
    begun = ResourceEvent(
        "azurerm_managed_redis.this", "create", "start", resource_type="azurerm_managed_redis"
    )
    progression.take(begun, now[0])
    for second in range(1, int(HEARTBEAT_S * 2) + 2):
        now[0] = 100.0 + second
        lines.tick(progression)
    told = capsys.readouterr().err.splitlines()
    assert told == [
        "Still going: azurerm_managed_redis.this creating 0:30 (usually 20:10)",
        "Still going: azurerm_managed_redis.this creating 1:00 (usually 20:10)",
    ]
