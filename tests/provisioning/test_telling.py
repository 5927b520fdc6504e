"""What Terraform writes, and what we make of it: events, failures, locks, the ledger, progress."""

import getpass
import json
import os
import socket
import stat
from datetime import UTC, datetime, timedelta

import pytest

from anomalyctl.errors import (
    AnomalyctlError,
    Declined,
    Locked,
    NotFound,
    PreconditionFailed,
    Protected,
    SignInFailed,
)
from anomalyctl.processes.identity import identify
from anomalyctl.provisioning.backups import Backups
from anomalyctl.provisioning.durations import usual_durations
from anomalyctl.provisioning.events import (
    Diagnostic,
    Message,
    ResourceEvent,
    diagnostics_in_text,
    parse_event,
)
from anomalyctl.provisioning.failures import failure, retry_of, rules
from anomalyctl.provisioning.ledger import Ledger, without_secrets
from anomalyctl.provisioning.locks import Lock, judge_lock, lock_in
from anomalyctl.provisioning.progression import Progression
from anomalyctl.provisioning.run_ids import correlation_id, new_run_id
from anomalyctl.provisioning.state import kept_with, read_state
from anomalyctl.provisioning.tailing import Tail

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


def event(kind, **body):
    return parse_event(json.dumps({"@message": "m", "type": kind, **body}))


def test_unknown_events_and_lines_that_are_no_json_are_kept_by_their_message():
    assert event("policy_something", x=1) == Message("policy_something", "m")
    assert parse_event("Warning: not JSON") == Message("text", "Warning: not JSON")
    assert parse_event("[1]") == Message("text", "[1]")
    assert event("version", ui="1.9", terraform="1.16.0") == Message("version", "m")


def test_another_major_version_of_the_stream_is_refused():
    with pytest.raises(PreconditionFailed, match=r"version 2\.0"):
        event("version", ui="2.0")


def test_a_diagnostic_tells_where():
    found = event(
        "diagnostic",
        diagnostic={
            "severity": "error",
            "summary": "Bad",
            "detail": "very",
            "address": "a.b",
            "range": {"filename": "main.tf", "start": {"line": 3}},
        },
    )
    assert found == Diagnostic("error", "Bad", "very", "a.b", "main.tf:3")


def test_the_errors_of_a_command_without_json_are_found_in_their_boxes():
    warning = "\n╷\n│ Warning: Old\n│ \n│ It is.\n╵\n"
    text = warning + "╷\n│ Error: Invalid target address\n│ \n│ No matching objects.\n╵\n"
    assert diagnostics_in_text(text) == [
        Diagnostic("warning", "Old", "It is."),
        Diagnostic("error", "Invalid target address", "No matching objects."),
    ]


def test_a_half_written_line_waits_for_its_end(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"one\ntw")
    tail = Tail(path)
    assert tail.lines() == ["one"]
    with path.open("ab") as file:
        file.write(b"o\nthree")
    assert tail.lines() == ["two"]
    assert tail.lines(final=True) == ["three"]
    tail.close()


@pytest.mark.parametrize(
    ("text", "kind", "rule"),
    [
        (LOCKED, Locked, "locked"),
        ('failed: blob metadata "terraformlockid" was empty', Locked, "lease-without-owner"),
        ("could not configure AzureCli Authorizer: please run az login", SignInFailed, "signed-out"),
        ("unexpected status 403 (403 Forbidden) with error: AuthorizationFailed", SignInFailed, "forbidden"),
        ("does not have authorization to perform action 'Microsoft.Authorization/roleAssignments/write'",
         SignInFailed, "role-assignment-forbidden"),
        ("StatusCode=409 Code=\"AnotherOperationInProgress\"", AnomalyctlError, "busy"),
        ("Instance cannot be destroyed", Protected, "prevented"),
        ("write /x: no space left on device", AnomalyctlError, "disk-full"),
        ("The ID already exists - to be managed via Terraform this\nresource needs to be imported",
         PreconditionFailed, "exists-already"),
    ],
)  # fmt: skip
def test_a_known_failure_speaks_plainly_and_keeps_its_original_text(text, kind, rule):
    error = failure("apply", [Diagnostic("error", "It failed", text, "azurerm_a.b")], environment="dev")
    assert isinstance(error, kind)
    assert error.details["rule"] == rule
    assert text in error.details["original"][0]
    assert "{" not in error.message + error.hint


def test_an_unknown_failure_says_what_terraform_said():
    error = failure(
        "plan", [Diagnostic("error", "Strange", "d", "a.b"), Diagnostic("error", "More")], environment="dev"
    )
    assert error.message == "Strange (a.b), and 1 more."
    assert (
        failure("plan", [], environment="dev", exit_code=-9).message
        == "`terraform plan` was ended by signal 9 and said nothing."
    )


def test_only_exact_transient_texts_are_tried_again():
    tried_again = {rule.id for rule in rules() if rule.retries}
    assert tried_again == {"busy", "etag", "throttled"}
    busy = failure("apply", [Diagnostic("error", "AnotherOperationInProgress")], environment="dev")
    assert retry_of(busy) == (2, 30.0)
    assert retry_of(failure("apply", [Diagnostic("error", "x")], environment="dev")) == (0, 0.0)


def test_every_rule_names_itself_once_and_links_over_https():
    assert len({rule.id for rule in rules()}) == len(rules())
    assert all(rule.link.startswith("https://") for rule in rules() if rule.link)
    assert all(rule.says.endswith(".") for rule in rules())


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


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return Ledger(tmp_path / "runs", Clock())


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


def test_the_ledger_tells_how_each_run_ended(ledger):
    with ledger.run("plan", "dev", ["plan", "--env", "dev"]) as first:
        first.note("plan", counts={"create": 1})
    with pytest.raises(Declined), ledger.run("apply", "dev"):
        raise Declined("no")
    with pytest.raises(Locked), ledger.run("apply", "dev"):
        raise Locked("held")
    with pytest.raises(KeyboardInterrupt), ledger.run("apply", "dev"):
        raise KeyboardInterrupt
    assert [(run.outcome, run.exit_code) for run in ledger.runs()] == [
        ("done", 0),
        ("declined", 3),
        ("failed", 5),
        ("interrupted", 1),
    ]
    assert ledger.named("@latest").outcome == "interrupted"
    with pytest.raises(NotFound):
        ledger.named("ZZZ")
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.folder.stat().st_mode) == 0o700


def test_a_run_without_an_end_died_unless_it_lives(ledger):
    with ledger.run("apply", "dev") as run:
        assert ledger.runs()[0].outcome == "running"
        assert identify(os.getpid()) in ledger.runs()[0].processes
        lines = ledger.path.read_text().replace(f'"pid": {os.getpid()}', '"pid": 2147483646')
        ledger.path.write_text(lines + "not json\n")
        assert ledger.runs()[0].outcome == "died"
        assert run.id


def test_a_command_line_is_kept_without_its_secrets():
    assert without_secrets(
        ["deploy", "--var", "a=hunter2", "--var=b=hunter2", "--api-key=x", "--env", "dev"]
    ) == [
        "deploy",
        "--var",
        "a=(secret)",
        "--var=b=(secret)",
        "--api-key=(secret)",
        "--env",
        "dev",
    ]


def test_a_run_id_sorts_by_time_and_is_a_uuid_for_azure():
    first, second = new_run_id(NOW), new_run_id(NOW + timedelta(milliseconds=1))
    assert len(first) == 26
    assert first < second
    assert correlation_id(first) != correlation_id(second)
    assert correlation_id("00000000000000000000000001") == "00000000-0000-0000-0000-000000000001"


def moved(address, phase, action="create", elapsed=0.0):
    return ResourceEvent(address, action, phase, elapsed, address.split(".")[0])


def test_a_progression_knows_what_is_in_flight_and_how_long_it_usually_takes(ledger):
    for seconds in (10.0, 30.0, 20.0):
        with ledger.run("apply", "dev") as run:
            run.note("resource", resource_type="azurerm_redis", action="create", elapsed_s=seconds)
    usual = usual_durations(ledger.runs())
    assert usual == {("azurerm_redis", "create"): 20.0}
    progression = Progression(usual)
    assert progression.take(moved("azurerm_redis.a", "start"), 5.0).usual_s == 20.0
    assert progression.take(moved("azurerm_redis.a", "progress", elapsed=10), 15.0) is None
    assert [one.began for one in progression.in_flight] == [5.0]
    assert progression.take(moved("azurerm_redis.a", "complete", elapsed=12), 17.0).took_s == 12
    progression.take(moved("azurerm_redis.b", "start"), 5.0)
    progression.take(moved("azurerm_redis.b", "errored", elapsed=1), 6.0)
    assert [one.address for one in progression.failed] == ["azurerm_redis.b"]
    assert progression.in_flight == ()


def test_backups_are_private_whole_and_the_fifty_newest(tmp_path):
    backups = Backups(tmp_path / "backups")
    for serial in range(53):
        backups.keep(b'{"serial": 1}', serial=serial, now=NOW + timedelta(seconds=serial))
    kept = backups.all()
    assert [one.serial for one in kept] == list(range(3, 53))
    assert {stat.S_IMODE(one.path.stat().st_mode) for one in kept} == {0o600}
    assert backups.named("@latest") == backups.named(kept[-1].name) == kept[-1]
    assert kept[-1].taken_at == NOW + timedelta(seconds=52)
    with pytest.raises(NotFound):
        backups.named("nothing")


STATE = {
    "version": 4,
    "serial": 7,
    "lineage": "l",
    "resources": [
        {"mode": "data", "type": "azurerm_client_config", "name": "current", "instances": [{}]},
        {"mode": "managed", "type": "azurerm_resource_group", "name": "this", "instances": [{}]},
        {
            "mode": "managed",
            "type": "azurerm_cosmosdb_account",
            "name": "this",
            "instances": [
                {"dependencies": ["azurerm_resource_group.this", "data.azurerm_client_config.current"]}
            ],
        },
        {
            "mode": "managed",
            "type": "azurerm_subnet",
            "name": "this",
            "instances": [{"index_key": "app", "status": "tainted"}, {"index_key": 0}],
        },
    ],
}


def test_a_state_tells_its_instances_and_what_stays_with_the_data():
    state = read_state(json.dumps(STATE).encode())
    assert (state.serial, state.lineage) == (7, "l")
    assert state.addresses == (
        "azurerm_resource_group.this",
        "azurerm_cosmosdb_account.this",
        'azurerm_subnet.this["app"]',
        "azurerm_subnet.this[0]",
    )
    assert state.resources[2].tainted == ('azurerm_subnet.this["app"]',)
    assert kept_with(state, ()) == {"azurerm_resource_group.this", "azurerm_cosmosdb_account.this"}
    assert "azurerm_subnet.this" in kept_with(state, ["azurerm_subnet.this"])


def test_no_state_is_an_empty_one_and_another_version_is_refused():
    assert read_state(b"\n").is_empty
    with pytest.raises(PreconditionFailed, match="version 5"):
        read_state(b'{"version": 5}')
    with pytest.raises(PreconditionFailed, match="cannot be read"):
        read_state(b"{")
