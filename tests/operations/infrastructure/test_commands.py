"""The commands that run Terraform, over any root (`--project`), as a script calls them."""

import json
import stat
from pathlib import Path

import pytest

from tests.support.wrapped_root import WrappedRoot


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}


def test_plan_apply_and_a_second_plan_that_is_empty(small: WrappedRoot):
    review = small.document("plan")
    assert review["counts"] == {"create": 3}
    assert small.run("plan", "--detailed-exitcode").returncode == 2
    assert modes(small.folder / ".anomalyctl" / "default" / "plans") == {0o600}
    applied = small.document("apply", review["plan_id"], "--yes")
    assert {one["address"] for one in applied["resources"]} == {
        f"terraform_data.{name}" for name in ("a", "b", "kept")
    }
    assert {one["name"]: one["value"] for one in applied["outputs"]} == {
        "password": "(secret)",
        "text": "first",
    }
    assert small.run("plan", "--detailed-exitcode").returncode == 0
    assert small.document("deploy", "--yes")["outcome"] == "unchanged"


def test_nothing_that_is_shown_or_kept_in_the_ledger_holds_a_secret(small: WrappedRoot):
    made = [
        small.run("plan", "--var", "password=hunter3-hunter3"),
        small.run("deploy", "--yes", "--var", "password=hunter3-hunter3"),
        small.run("output", "-o", "json"),
        small.run("state", "show", "terraform_data.b"),
        small.run("runs", "show"),
    ]
    assert [one.returncode for one in made] == [0] * 5
    told = "".join(one.stdout + one.stderr for one in made)
    ledger = (small.folder / ".anomalyctl" / "runs" / "ledger.jsonl").read_text()
    assert "hunter" not in told + ledger
    assert "hunter3" in small.run("output", "password", "--show-sensitive").stdout
    noted = (small.folder / ".anomalyctl" / "runs" / "ledger.jsonl").read_text()
    assert '"secrets_shown"' in noted


def test_apply_asks_and_with_nobody_to_ask_changes_nothing_and_names_the_flag(small: WrappedRoot):
    small.document("plan")
    declined = small.error("apply", expect=3)
    assert "--yes" in declined["hint"]
    assert small.error("deploy", expect=3)["code"] == "declined"
    assert small.document("state", "list")["resources"] == []


def test_a_plan_is_refused_when_the_state_moved_on_or_the_variables_changed(small: WrappedRoot):
    old = small.document("plan")["plan_id"]
    small.document("deploy", "--yes")
    stale = small.error("apply", old, "--yes", expect=6)
    assert "the state" in stale["message"]
    again = small.document("plan", "--var", "text=second")["plan_id"]
    stale = small.error("apply", again, "--yes", expect=6, TF_VAR_unheard="x")
    assert "the variables have changed" in stale["message"]
    assert small.document("apply", again, "--yes")["outputs"][1]["value"] == "second"


def test_a_replacement_is_reviewed_with_the_attribute_that_forces_it(small: WrappedRoot):
    small.document("deploy", "--yes")
    changes = small.document("plan", "--var", "text=second")["plan"]["changes"]
    replaced = next(change for change in changes if change["address"] == "terraform_data.b")
    assert replaced["forced_by"] == ["triggers_replace"]
    assert replaced["verdicts"][0] == "replace"


def test_the_shell_cannot_steer_a_plan_unseen(small: WrappedRoot):
    done = small.run(
        "plan",
        "-o",
        "json",
        TF_CLI_ARGS_plan="-destroy",
        TF_WORKSPACE="elsewhere",
        TF_CLI_CONFIG_FILE="/nowhere.rc",
    )
    assert json.loads(done.stdout)["counts"] == {"create": 3}
    assert "TF_CLI_ARGS_plan, TF_WORKSPACE" in done.stderr
    assert "/nowhere.rc" in done.stderr


def test_destroy_keeps_what_is_protected_until_it_is_meant(small: WrappedRoot):
    small.document("deploy", "--yes")
    declined = small.error("destroy", "--yes", expect=3)  # a yes is not a name
    assert "--confirm default" in declined["hint"]
    assert small.error("destroy", "--confirm", "prod", expect=3)["code"] == "declined"
    assert len(small.document("state", "list")["resources"]) == 3
    destroyed = small.document("destroy", "--confirm", "default")
    assert destroyed["staying"] == ["terraform_data.kept"]
    assert small.document("state", "list")["resources"] == ["terraform_data.kept"]
    before = sorted(path.name for path in small.folder.glob("*.tf"))
    everything = small.document("destroy", "--confirm", "default", "--include-stateful")
    assert everything["left_over"] == everything["left_in_azure"] == []
    assert "not ours" in everything["not_looked_at"]
    assert small.document("state", "list")["resources"] == []
    assert sorted(path.name for path in small.folder.glob("*.tf")) == before == ["main.tf"]
    assert small.document("destroy", "--confirm", "default")["destroyed"] is False


def test_a_plan_that_would_destroy_what_is_protected_is_refused_as_such(small: WrappedRoot):
    small.document("deploy", "--yes")
    refused = small.error("plan", "--destroy", expect=9)
    assert refused["details"]["rule"] == "prevented"
    assert "Instance cannot be destroyed" in refused["details"]["original"][0]


def test_a_failure_in_the_middle_is_partly_done_and_resumed(small: WrappedRoot):
    failing = """
resource "terraform_data" "first" {}
resource "terraform_data" "second" {
  input = terraform_data.first.id
  provisioner "local-exec" { command = "test -e %s/mended" }
}
"""
    small.write(failing % small.folder)
    error = small.error("deploy", "--yes", expect=7)
    assert error["details"]["done"] == ["terraform_data.first"]
    assert error["details"]["failed"] == ["terraform_data.second"]
    assert "resumes" in error["hint"]
    (small.folder / "mended").touch()
    resumed = small.document("deploy", "--yes")
    assert resumed["review"]["counts"] == {"replace": 1}
    assert "tainted" in resumed["review"]["plan"]["changes"][0]["reason"]


def test_a_state_is_listed_shown_moved_forgotten_and_restored(small: WrappedRoot, tmp_path: Path):
    small.document("deploy", "--yes")
    moved = small.document("state", "mv", "terraform_data.a", "terraform_data.moved")
    assert moved["backup"]
    assert small.error("state", "rm", "terraform_data.moved", expect=3)
    small.document("state", "rm", "terraform_data.moved", "--yes")
    assert "terraform_data.moved" not in small.document("state", "list")["resources"]
    copies = small.document("state", "backup", "--list")
    restored = small.document("state", "restore", copies[-1]["name"], "--yes")
    assert "terraform_data.moved" in small.document("state", "list")["resources"]
    assert restored["serial"] > moved["serial"]
    assert small.error("state", "show", "terraform_data.nothing", expect=1)["code"] == "not_found"

    file = tmp_path / "pulled.tfstate"
    small.document("state", "pull", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert small.error("state", "pull", str(file), expect=6)
    older = json.loads(file.read_text()) | {"serial": 1}
    file.write_text(json.dumps(older))
    assert small.run("state", "push", str(file), "--yes").returncode == 1


def test_workspaces_are_made_selected_and_deleted_only_when_empty(small: WrappedRoot):
    small.document("deploy", "--yes")
    small.document("workspace", "new", "side")
    assert {one["name"] for one in small.document("workspace", "list")} == {"default", "side"}
    assert small.document("workspace", "show", "--env", "side")["name"] == "side"
    small.document("deploy", "--yes", "--env", "side")
    refused = small.error("workspace", "delete", "side", "--yes", expect=6)
    assert "holds 3 resources" in refused["message"]
    small.document("destroy", "--env", "side", "--confirm", "side", "--include-stateful")
    small.document("workspace", "delete", "side", "--yes")
    assert [one["name"] for one in small.document("workspace", "list")] == ["default"]
    assert len(small.document("state", "list")["resources"]) == 3
    assert small.error("state", "list", "--env", "side", expect=6)["code"] == "not_deployed"


def test_a_resource_is_imported(small: WrappedRoot):
    small.write('resource "terraform_data" "old" {}\n')
    imported = small.document("import", "terraform_data.old", "an-id")
    assert imported["address"] == "terraform_data.old"
    assert small.document("state", "list")["resources"] == ["terraform_data.old"]
    assert small.run("import", "terraform_data.none", "x").returncode == 1


def test_an_invalid_configuration_is_told_with_its_place(small: WrappedRoot):
    assert small.document("validate")["valid"] is True
    small.write('resource "terraform_data" "a" { input = var.missing }\n')
    finding = small.document("validate", expect=1)["findings"][0]
    assert finding["place"] == "main.tf:1"
    assert "undeclared input variable" in finding["text"]


def test_runs_are_listed_and_shown_with_the_question_for_azure(small: WrappedRoot):
    small.document("plan")
    small.error("apply", expect=3)
    runs = small.document("runs", "list")
    assert [(one["command"], one["outcome"]) for one in runs] == [("apply", "declined"), ("plan", "done")]
    shown = small.document("runs", "show", runs[1]["id"])
    assert shown["correlation_id"] in shown["activity_log"]
    assert {event["type"] for event in shown["events"]} >= {"terraform", "terraform_ended", "plan"}


@pytest.mark.parametrize("command", [("plan",), ("destroy", "--confirm", "dev"), ("state", "list")])
def test_two_commands_at_once_do_not_meet(small: WrappedRoot, command):
    import fcntl

    small.document("deploy", "--yes")
    with (small.folder / ".anomalyctl" / "default" / "in-use").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert small.error(*command, expect=5)["code"] == "locked"


def test_a_folder_without_terraform_files_is_no_root(tmp_path: Path):
    empty = WrappedRoot(tmp_path / "empty", "")
    (empty.folder / "main.tf").unlink()
    assert empty.error("plan", expect=64)["details"]["field"] == "--project"


def test_the_next_step_names_the_root_and_no_step_that_only_our_system_has(small: WrappedRoot):
    # Words alone: a long path makes the line break elsewhere.
    planned = " ".join(small.run("plan").stdout.split())
    assert f"--project {small.folder} --env default" in planned
    assert "publish" not in small.run("deploy", "--yes").stdout
