"""What Terraform is given before it runs: a program, arguments, variables, surroundings."""

import logging
import stat
from pathlib import Path

import pytest

from anomalyctl.errors import InvalidInput, MissingTool, NotFound, PreconditionFailed
from anomalyctl.provisioning.arguments import FLAG, command_line
from anomalyctl.provisioning.binary import allows, find_terraform
from anomalyctl.provisioning.configuration import Configuration
from anomalyctl.provisioning.surroundings import terraform_surroundings
from anomalyctl.provisioning.variables import collect_variables
from anomalyctl.provisioning.working_copy import digest_of_setup, refresh_copy, without_protection


def program(folder: Path, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "terraform"
    path.write_text(f"#!/bin/sh\necho '{says}'\necho asked >> {folder}/asked\n")
    path.chmod(0o755)
    return path


def test_terraform_is_found_once_asked_for_its_version_and_remembered(tmp_path):
    path = program(tmp_path / "bin", "Terraform v1.13.2\non linux_amd64")
    environ = {"PATH": str(path.parent)}
    for _ in range(3):
        binary = find_terraform(environ, cache=tmp_path / "cache", required=(">= 1.11, < 2.0",))
    assert (binary.path, binary.dotted) == (path, "1.13.2")
    assert (path.parent / "asked").read_text() == "asked\n"
    program(tmp_path / "bin", "Terraform v1.14.0")  # replaced: asked again
    assert find_terraform(environ, cache=tmp_path / "cache").dotted == "1.14.0"


def test_without_terraform_the_message_says_how_to_get_it(tmp_path):
    with pytest.raises(MissingTool) as missing:
        find_terraform({"PATH": str(tmp_path)}, cache=tmp_path / "cache")
    assert missing.value.exit_code == 6
    assert "developer.hashicorp.com/terraform/install" in missing.value.hint


def test_a_version_that_does_not_fit_is_refused_by_the_constraint(tmp_path):
    path = program(tmp_path / "bin", "Terraform v1.9.8")
    with pytest.raises(PreconditionFailed, match=r"is Terraform 1\.9\.8; “>= 1\.11\.0” is required"):
        find_terraform({"PATH": str(path.parent)}, cache=tmp_path / "cache")


@pytest.mark.parametrize(
    ("constraint", "version", "allowed"),
    [
        (">= 1.11", (1, 11, 0), True),
        (">= 1.11, < 2.0", (2, 0, 0), False),
        ("~> 1.11", (1, 16, 3), True),
        ("~> 1.11.2", (1, 12, 0), False),
        ("~> 1.11.2", (1, 11, 9), True),
        ("1.11.4", (1, 11, 4), True),
        ("!= 1.11.4", (1, 11, 4), False),
    ],
)
def test_version_constraints_mean_what_terraform_means(constraint, version, allowed):
    assert allows(constraint, version) is allowed


def test_options_are_translated_and_variables_never_stand_in_arguments():
    handlers = list(logging.getLogger().handlers)
    assert command_line(
        "plan", json=FLAG, input=False, out="p", target=["a.b", 'c.d["e"]'], destroy=None, lock_timeout="5s"
    ) == ["plan", "-json", "-input=false", "-out=p", "-target=a.b", '-target=c.d["e"]', "-lock-timeout=5s"]
    assert command_line("state mv", "a", "b", lock=True) == ["state", "mv", "-lock=true", "a", "b"]
    for refused in ({"var": ["a=b"]}, {"anything": {"a": "b"}}):
        with pytest.raises(ValueError, match="variables never"):
            command_line("plan", **refused)
    assert logging.getLogger().handlers == handlers  # python-terraform installs one when it may


def test_what_would_steer_terraform_unseen_is_dropped_and_named(tmp_path):
    found = terraform_surroundings(
        {
            "PATH": "/bin",
            "TF_CLI_ARGS_plan": "-destroy",
            "TF_CLI_ARGS": "-lock=false",
            "TF_WORKSPACE": "prod",
            "TF_DATA_DIR": "/elsewhere",
            "TF_VAR_owner": "me",
            "TF_CLI_CONFIG_FILE": str(tmp_path / "gone.rc"),
            "ANOMALYCTL_ENV": "dev",
        },
        data_dir=tmp_path / "data",
        correlation_id="c",
        subscription_id="s",
    )
    assert found.dropped == ("TF_CLI_ARGS", "TF_CLI_ARGS_plan", "TF_DATA_DIR", "TF_WORKSPACE")
    assert found.kept == ("TF_VAR_owner",)
    assert dict(found.variables) == {
        "PATH": "/bin",
        "TF_VAR_owner": "me",
        "TF_DATA_DIR": str(tmp_path / "data"),
        "TF_IN_AUTOMATION": "1",
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
        "ARM_CORRELATION_REQUEST_ID": "c",
        "ARM_SUBSCRIPTION_ID": "s",
    }
    told = " ".join(found.sentences())
    assert "TF_CLI_ARGS_plan" in told
    assert "gone.rc" in told
    assert "-destroy" not in told


def test_later_variables_win_and_values_go_into_a_private_file(tmp_path):
    first, second = tmp_path / "dev.tfvars", tmp_path / "mine.tfvars"
    first.write_text('a = "1"\n')
    second.write_text('a = "2"\n')
    given = {
        "defaults": [first, tmp_path / "missing.tfvars"],
        "files": [second],
        "keep_values_in": tmp_path / "kept" / "values.tfvars",
        "environ": {},
    }
    made = collect_variables(values=['text=a "quoted" ${x}\n', "list=[1, 2]", "none=null"], **given)
    assert made.files == (first, second, tmp_path / "kept" / "values.tfvars")
    assert stat.S_IMODE(made.files[-1].stat().st_mode) == 0o600
    assert made.files[-1].read_text() == 'text = "a \\"quoted\\" $${x}\\n"\nlist = [1, 2]\nnone = null\n'
    again = collect_variables(values=(), kept_values=made.files[-1], **given)
    assert again == made


@pytest.mark.parametrize("what", ["file", "environment", "value"])
def test_the_digest_tells_when_a_value_changed_wherever_it_comes_from(tmp_path, what):
    file = tmp_path / "a.tfvars"

    def digest(text, environ, values):
        file.write_text(text)
        return collect_variables(
            defaults=[file], files=(), values=values, keep_values_in=tmp_path / "v", environ=environ
        ).digest

    before = digest("a = 1", {"TF_VAR_b": "1"}, ["c=1"])
    assert digest("a = 1", {"TF_VAR_b": "1", "HOME": "/x"}, ["c=1"]) == before
    after = {
        "file": ("a = 2", {"TF_VAR_b": "1"}, ["c=1"]),
        "environment": ("a = 1", {"TF_VAR_b": "2"}, ["c=1"]),
        "value": ("a = 1", {"TF_VAR_b": "1"}, ["c=2"]),
    }[what]
    assert digest(*after) != before


def test_bad_variables_are_refused_by_name(tmp_path):
    given = {"defaults": (), "keep_values_in": tmp_path / "v", "environ": {}}
    with pytest.raises(InvalidInput, match="not NAME=VALUE"):
        collect_variables(files=(), values=["no-value"], **given)
    with pytest.raises(NotFound, match=r"gone\.tfvars"):
        collect_variables(files=[tmp_path / "gone.tfvars"], values=(), **given)


HCL = """
terraform {
  required_version = ">= 1.11"
  backend "azurerm" {
    key = "{"
  }
}
# resource "commented" "out" { lifecycle { prevent_destroy = true } }
resource "terraform_data" "kept" {
  input = "} ${1 + 1}"
  lifecycle {
    prevent_destroy = true
  }
}
resource "terraform_data" "one_line" { input = 1 }
resource "terraform_data" "free" {
  lifecycle {
    prevent_destroy = false
  }
}
"""


def test_a_configuration_tells_what_a_run_must_know(tmp_path):
    (tmp_path / "main.tf").write_text(HCL)
    configuration = Configuration(tmp_path)
    assert configuration.backend == "azurerm"
    assert configuration.required_versions == (">= 1.11",)
    assert configuration.protected == ("terraform_data.kept",)
    (tmp_path / "zz_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    assert Configuration(tmp_path).backend == "local"


def test_the_working_copy_follows_its_source_and_keeps_what_terraform_wrote(tmp_path):
    source, copy = tmp_path / "source", tmp_path / "copy"
    (source / "environments").mkdir(parents=True)
    (source / "tests").mkdir()
    (source / "tests" / "a.tftest.hcl").write_text("x")
    (source / "main.tf").write_text(HCL)
    (source / "old.tf").write_text("")
    (source / "environments" / "backend_override.tf").write_text('terraform {\n  backend "http" {}\n}\n')
    refresh_copy(source, copy)
    (copy / ".terraform.lock.hcl").write_text("locked")
    (copy / "terraform.tfstate.d" / "dev").mkdir(parents=True)
    (copy / "terraform.tfstate.d" / "dev" / "terraform.tfstate").write_text("{}")
    (copy / "zz_unprotected_override.tf").write_text("left by a crash")
    (source / "old.tf").unlink()
    refresh_copy(source, copy)
    assert sorted(path.name for path in copy.glob("*.tf")) == ["backend_override.tf", "main.tf"]
    assert not (copy / "tests").exists()
    assert (copy / ".terraform.lock.hcl").read_text() == "locked"
    assert (copy / "terraform.tfstate.d" / "dev" / "terraform.tfstate").exists()
    assert Configuration(copy).backend == "http"


def test_only_what_init_looks_at_asks_for_a_new_init(tmp_path):
    (tmp_path / "main.tf").write_text(HCL)
    before = digest_of_setup(tmp_path)
    (tmp_path / "main.tf").write_text(HCL + 'resource "terraform_data" "more" {}\n')
    assert digest_of_setup(tmp_path) == before
    (tmp_path / "modules.tf").write_text('module "m" {\n  source = "./m"\n}\n')
    assert digest_of_setup(tmp_path) != before


def test_protection_is_lifted_in_a_copy_and_never_in_the_users_tree(tmp_path):
    root, private = tmp_path / "root", tmp_path / "private"
    root.mkdir()
    (root / "main.tf").write_text(HCL)
    before = {path.name: path.read_text() for path in root.iterdir()}
    with without_protection(root, private=private) as folder:
        assert folder == private
        assert "terraform_data" in (private / "zz_unprotected_override.tf").read_text()
        assert {path.name: path.read_text() for path in root.iterdir()} == before
        (private / "errored.tfstate").write_text("a state that the backend did not take")
    assert not private.exists()
    assert (root / "errored.tfstate").exists()
    (root / "main.tf").write_text(HCL + 'module "m" {\n  source = "../m"\n}\n')
    with pytest.raises(PreconditionFailed, match="outside"), without_protection(root, private=private):
        pass
