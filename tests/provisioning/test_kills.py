"""Whatever dies, no lock stays and no state is lost; where that cannot be, it is known and can be mended."""

import os
import resource
import signal

import pytest

from tests.support.state_server import StateServer
from tests.support.wrapped_root import SLOW_CHAIN, WrappedRoot, end, wait_until

SLOW = "terraform_data.slow"


def test_a_wrapper_killed_mid_apply_leaves_a_released_lock_and_the_resource_in_flight_in_the_state(
    chain: WrappedRoot, backend: StateServer
):
    process = chain.start("apply", "--yes")
    chain.wait_for_start_of(SLOW)
    process.kill()
    process.communicate()
    status = chain.wait_for_the_end()
    assert status["interrupts"] == 1
    assert status["abandoned"] is True
    assert backend.lock is None
    assert backend.changes[-1] == "UNLOCK"
    assert backend.resources() == {"terraform_data.first": "", SLOW: "tainted"}
    runs = chain.document("runs", "list")
    assert runs[0]["outcome"] == "died"
    assert chain.document("deploy", "--yes")["outcome"] == "applied"
    assert set(backend.resources().values()) == {""}


@pytest.mark.parametrize(
    ("signum", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130), (signal.SIGHUP, 143)]
)
def test_a_signal_to_the_wrapper_becomes_one_interrupt_and_a_graceful_end(
    chain: WrappedRoot, backend: StateServer, signum: signal.Signals, code: int
):
    process = chain.start("apply", "--yes")
    chain.wait_for_start_of(SLOW)
    ended_with, said = end(process, signum)
    assert ended_with == code
    assert "A second Ctrl-C stops it at once" in said
    assert SLOW in said
    assert chain.status()["interrupts"] == 1
    assert backend.lock is None
    assert backend.resources()[SLOW] == "tainted"
    assert chain.document("runs", "list")[0]["outcome"] == "interrupted"


def test_ctrl_c_waits_for_a_slow_backend_to_take_state_and_lock(tmp_path):
    with StateServer(slow_writes_s=1.5) as backend:
        root = WrappedRoot(tmp_path / "root", backend.hcl + SLOW_CHAIN)
        root.document("plan")
        backend.verbs.clear()
        process = root.start("apply", "--yes")
        root.wait_for_start_of(SLOW)
        os.killpg(process.pid, signal.SIGINT)  # a terminal tells the whole group
        process.communicate(timeout=30)
        assert process.returncode == 130
        assert backend.lock is None
        assert backend.changes[-1] == "UNLOCK"
        assert "POST" in backend.changes
        assert backend.resources()[SLOW] == "tainted"


def test_a_second_interrupt_is_passed_on_and_says_what_it_may_cost(chain: WrappedRoot):
    process = chain.start("apply", "--yes")
    chain.wait_for_start_of(SLOW)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert chain.status()["interrupts"] in (1, 2)  # the first may have been enough
    assert "A second Ctrl-C" in said


def test_a_wrapper_that_is_killed_while_it_stops_gracefully_does_not_interrupt_again(tmp_path):
    with StateServer(slow_writes_s=1.5) as backend:
        root = WrappedRoot(tmp_path / "root", backend.hcl + SLOW_CHAIN)
        root.document("plan")
        process = root.start("apply", "--yes")
        root.wait_for_start_of(SLOW)
        process.send_signal(signal.SIGTERM)
        wait_until(
            lambda: any("errored" in event["type"] for event in root.events()), "the interrupt to arrive"
        )
        process.kill()  # the platform's grace is over
        process.communicate()
        assert root.wait_for_the_end()["interrupts"] == 1
        assert backend.lock is None
        assert backend.resources()[SLOW] == "tainted"


def test_terraform_itself_killed_is_told_with_what_was_in_flight_and_the_lock_is_stale(
    chain: WrappedRoot, backend: StateServer
):
    process = chain.start("apply", "--yes")
    chain.wait_for_start_of(SLOW)
    os.kill(chain.status()["pid"], signal.SIGKILL)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "Signal 9 ended Terraform" in said
    assert f"without the state knowing: terraform_data.first, {SLOW}." in said  # it was not written yet
    assert "anomalyctl import 'terraform_data.first'" in said
    assert "state unlock" in said
    assert backend.lock is not None

    refused = chain.error("plan", expect=5)
    assert "stale" in refused["message"]
    declined = chain.error("state", "unlock", expect=3)
    assert "--yes" in declined["hint"]
    assert backend.lock is not None
    unlocked = chain.document("state", "unlock", "--yes")
    assert unlocked["released"] is True
    assert unlocked["lock"]["liveness"] == "stale"
    assert backend.lock is None
    assert chain.document("deploy", "--yes")["outcome"] == "applied"


def test_a_lock_of_somebody_else_is_not_released_without_force(chain: WrappedRoot, backend: StateServer):
    backend.lock = {"ID": "f00", "Who": "eve@elsewhere", "Operation": "OperationTypeApply"}
    refused = chain.error("state", "unlock", "--yes", expect=5)
    assert "unknown" in refused["message"]
    assert backend.lock is not None
    chain.error("state", "unlock", "--force", "--yes", expect=3)  # a name, not a yes
    assert chain.document("state", "unlock", "--force", "--confirm", "default")["released"] is True


def test_files_that_cannot_grow_cost_no_state_and_no_lock(chain: WrappedRoot, backend: StateServer):
    """A full disk as Terraform's events meet it: the state is elsewhere and is complete."""
    process = chain.start("apply", "--yes")
    chain.wait_for_start_of("terraform_data.first")
    for pid in (process.pid, chain.status()["pid"]):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    process.communicate(timeout=30)
    assert chain.wait_for_the_end() if chain.status().get("exit_code") is not None else True
    assert backend.lock is None
    assert set(backend.resources()) == {"terraform_data.first", SLOW, "terraform_data.last"}


def test_a_disk_that_is_full_from_the_start_is_told_as_such_and_nothing_begins(
    chain: WrappedRoot, backend: StateServer
):
    chain.document("plan")
    backend.verbs.clear()
    runs = chain.folder / ".anomalyctl" / "runs"
    (runs / "ledger.jsonl").unlink()
    (runs / "ledger.jsonl").symlink_to("/dev/full")
    refused = chain.error("deploy", "--yes", expect=6)
    assert "no space left on device" in refused["message"]
    assert "run it again: it resumes" in refused["hint"]
    assert backend.changes == []
    (runs / "ledger.jsonl").unlink()
    assert chain.document("deploy", "--yes")["outcome"] == "applied"


def test_without_room_for_a_copy_of_the_state_nothing_is_changed(chain: WrappedRoot, backend: StateServer):
    chain.document("apply", "--yes")
    chain.write(backend.hcl + SLOW_CHAIN + 'resource "terraform_data" "more" {}\n')
    chain.document("plan")
    backups = chain.folder / ".anomalyctl" / "default" / "backups"
    for file in backups.glob("*") if backups.is_dir() else ():
        file.unlink()
    if backups.is_dir():
        backups.rmdir()
    backups.write_text("in the way")
    before = backend.state
    refused = chain.error("apply", "--yes", expect=6)
    assert "cannot be backed up" in refused["message"]
    assert backend.state == before
    assert backend.lock is None


def test_a_state_that_cannot_be_written_is_kept_here_and_brought_in_later(
    chain: WrappedRoot, backend: StateServer
):
    backend.refuses_writes = True
    failed = chain.error("apply", "--yes", expect=1)
    errored = chain.folder / "errored.tfstate"
    assert failed["details"]["rule"] == "state-not-saved"
    assert failed["details"]["errored_state"] == str(errored)
    assert errored.stat().st_mode & 0o777 == 0o600
    assert f"state push {errored}" in failed["hint"]
    backend.refuses_writes = False
    refused = chain.error("deploy", "--yes", expect=6)  # it would fork the state
    assert str(errored) in refused["hint"]
    chain.document("state", "push", str(errored), "--yes")
    assert set(backend.resources()) == {"terraform_data.first", SLOW, "terraform_data.last"}
    assert chain.document("plan")["has_changes"] is False
