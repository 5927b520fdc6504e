"""Who holds the state's lock, and whether that run still lives."""

from __future__ import annotations

import getpass
import os
import socket
from datetime import UTC, datetime, timedelta

from anomalyctl.provisioning.locks import Lock, judge_lock, lock_in

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


LOCKED = """Error message: state blob is already locked
Lock Info:
  ID:        2f9a-77
  Path:      tfstate/anomaly-detection.tfstateenv:dev
  Operation: OperationTypeApply
  Who:       {who}
  Version:   1.11.4
  Created:   2026-11-21 12:00:03.224105416 +0000 UTC
  Info:

Terraform acquires a state lock to protect the state from being written
by multiple users at the same time."""


def test_a_lock_is_read_from_what_terraform_says():
    assert lock_in("anything else") is None
    lock = lock_in(LOCKED.format(who="ada@well"))
    assert lock == Lock(
        "2f9a-77", "ada@well", "apply", datetime(2026, 11, 21, 12, 0, 3, 224105, tzinfo=UTC), "1.11.4"
    )
    ours_beside = LOCKED.replace(
        "state blob is already locked", "HTTP remote state already locked:\nID=theirs"
    )
    assert lock_in(ours_beside) == Lock("theirs")
    assert lock_in('state lock: blob metadata "terraformlockid" was empty').metadata_missing


def mine(created=NOW + timedelta(seconds=3)):
    return Lock("id", f"{getpass.getuser()}@{socket.gethostname()}", "apply", created)


def test_a_lock_whose_run_lives_is_alive_and_one_whose_run_is_gone_is_stale(ledger):
    with ledger.run("apply", "dev") as run:
        run.note("anything")
        held = judge_lock(mine(), "dev", ledger.runs())
        assert (held.liveness, held.run) == ("alive", run.id)
        assert judge_lock(mine(), "prod", ledger.runs()).liveness == "unknown"
    lines = ledger.path.read_text().replace(f'"pid": {os.getpid()}', '"pid": 2147483646')
    ledger.path.write_text(lines)
    assert judge_lock(mine(), "dev", ledger.runs()).liveness == "stale"
    assert judge_lock(mine(NOW - timedelta(days=1)), "dev", ledger.runs()).liveness == "unknown"


def test_a_lock_from_another_machine_is_unknown(ledger):
    with ledger.run("apply", "dev"):
        pass
    held = judge_lock(Lock("id", "eve@elsewhere", "apply", NOW), "dev", ledger.runs())
    assert (held.liveness, held.reason) == ("unknown", "it was taken on elsewhere")


def test_a_lock_that_a_killed_terraform_left_is_stale_whatever_the_backend_tells(ledger):
    with ledger.run("apply", "dev") as run:
        run.note("lock_left", lock_id="id")
    ledger.path.write_text(ledger.path.read_text().replace(f'"pid": {os.getpid()}', '"pid": 2147483646'))
    assert judge_lock(Lock("id"), "dev", ledger.runs()).liveness == "stale"
    assert judge_lock(Lock("another"), "dev", ledger.runs()).liveness == "unknown"
