"""A plan file, read by ourselves, says what `terraform show -json` says of it; else Terraform is asked."""

from __future__ import annotations

import os
import shutil
import zipfile
from pathlib import Path

import pytest

from anomalyctl.provisioning.configuration import Configuration
from anomalyctl.provisioning.events import Planned
from anomalyctl.provisioning.plans.plan_file import document_of
from anomalyctl.provisioning.plans.reading import agrees, read_plan
from anomalyctl.provisioning.plans.wire import UNKNOWN, cty_value, message
from tests.support.azurerm.mirror import install
from tests.support.terraform_root import Root, clean_environment
from tests.support.terraform_tool import require_terraform
from tests.support.wrapped_root import WrappedRoot

SHAPES = """
variable "text" {
  default = "first"
}
variable "password" {
  default   = "hunter2-hunter2"
  sensitive = true
}
resource "terraform_data" "plain" {
  input = { deep = [1, 2.5, true, null, { of = "text" }], open = var.text }
}
resource "terraform_data" "secret" { input = { inner = [var.password, "said"] } }
resource "terraform_data" "follows" {
  triggers_replace = [terraform_data.plain.output]
  input            = terraform_data.plain.id
}
resource "terraform_data" "keyed" {
  for_each = toset(["a.b", "c\\"d"])
  input    = "${each.key}-${var.text}"
}
module "inner" {
  source = "./inner"
  for_each = toset(["x.y"])
}
output "text" { value = var.text }
output "secret" {
  value     = { inside = var.password }
  sensitive = true
}
"""
LATER = """
moved {
  from = terraform_data.plain
  to   = terraform_data.renamed
}
removed {
  from = terraform_data.secret
  lifecycle { destroy = false }
}
resource "terraform_data" "renamed" { input = "now a text" }
resource "terraform_data" "keyed" {
  for_each = toset(["a.b"])
  input    = "${each.key}-${var.text}"
}
variable "text" { default = "first" }
output "text" { value = terraform_data.renamed.output }
"""


def both(root: Root, *arguments: str, secret: frozenset[str]) -> None:
    """Plan, and compare what the file says with what Terraform says of it."""
    shown = read_plan(root.plan(*arguments))
    ours = document_of(root.folder / "kept.tfplan", secret)
    assert ours is not None
    found = read_plan(ours)
    assert {one.address: one for one in found.changes} == {one.address: one for one in shown.changes}
    assert {one.address: one for one in found.drift} == {one.address: one for one in shown.drift}
    assert {one.name: one for one in found.outputs} == {one.name: one for one in shown.outputs}
    assert "hunter2" not in repr(found)
    assert "drifted-secret" not in repr(found)
    assert (found.terraform_version, found.complete) == (shown.terraform_version, shown.complete)


def test_values_of_every_shape_are_read_as_terraform_tells_them(tmp_path: Path):
    require_terraform()
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "main.tf").write_text('resource "terraform_data" "deep" { input = "inside" }\n')
    (tmp_path / "main.tf").write_text(SHAPES)
    root = Root(tmp_path, clean_environment())
    root.run("init")
    secret = Configuration(tmp_path).sensitive_variables
    assert secret == {"password"}
    both(root, secret=secret)
    root.run("apply", "-auto-approve")
    both(root, secret=secret)
    both(root, "-var=text=second", secret=secret)
    both(root, "-var=text=second", "-replace=terraform_data.plain", secret=secret)
    both(root, "-var=password=another-secret", secret=secret)
    both(root, "-destroy", secret=secret)
    both(root, "-refresh-only", secret=secret)
    (tmp_path / "main.tf").write_text(LATER)
    both(root, secret=frozenset())


def test_the_whole_system_is_read_as_terraform_tells_it_created_changed_drifted_and_destroyed(tmp_path: Path):
    require_terraform()
    provider = install(tmp_path / "azure")
    root = Root.copy_of(tmp_path, provider)
    root.init()
    secret, dev = Configuration(root.folder).sensitive_variables, root.variables("dev")
    with provider.staying() as staying:
        quick = Root(root.folder, root.environment | staying)
        both(quick, *dev, secret=secret)
        quick.run("apply", "-auto-approve", *dev)
        open_again = {"match": "azurerm_linux_web_app", "set": {"https_only": False}}
        new_key = {"match": "azurerm_cosmosdb_account", "set": {"primary_key": "drifted-secret"}}
        provider.trouble(drift=[open_again, new_key])
        both(quick, *dev, "-var=openai_capacity=7", "-var=app_service_sku_size=B2", secret=secret)
        both(quick, *dev, "-refresh-only", secret=secret)
        provider.trouble()
        quick.lift_protection()
        both(quick, *dev, "-var=project_name=another", "-var=location=westeurope", secret=secret)
        both(quick, *dev, "-destroy", secret=secret)


def test_a_file_that_is_not_understood_is_left_to_terraform(tmp_path: Path):
    assert document_of(tmp_path / "none.tfplan", ()) is None
    file = tmp_path / "a.tfplan"
    for content in (
        b"",
        b"\x08\x04",
        b"\x08\x03\xda\x01\x00",
        b"\x08\x03\x1a\x7f",
        b"\x08\x03\x1a\x02\x09\x00",
    ):
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("tfplan", content)
        assert document_of(file, ()) is None, content
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("tfplan", b"\x08\x03")
    assert document_of(file, ()) is not None


def test_what_was_not_announced_is_not_believed():
    plan = read_plan(
        {
            "resource_changes": [
                {"address": "a.b", "mode": "managed", "type": "a", "change": {"actions": ["create"]}}
            ]
        }
    )
    assert agrees(plan, [Planned("a.b", "create"), Planned("a.c", "noop"), Planned("data.a.d", "read")])
    assert not agrees(plan, [Planned("a.b", "delete")])
    assert not agrees(plan, [])
    assert not agrees(plan, [Planned("a.b", "create"), Planned("a.b", "update", drift=True)])


def test_a_plan_asks_terraform_once(small_root: WrappedRoot):
    """Nothing but the plan itself is run once the root is initialised."""
    small_root.document("deploy", "--yes")
    review = small_root.document("plan", "--var", "text=second")
    assert review["counts"] == {"update": 1}
    folder = small_root.folder / ".anomalyctl" / "runs" / review["run"]
    assert {path.name.split(".")[0] for path in folder.iterdir()} == {"01-plan"}
    path = f"{small_root.folder.parent}:{os.environ['PATH']}"
    assert small_root.document("plan", "--var", "text=third", PATH=path)["counts"] == {"update": 1}
    (small_root.folder / "secret.tf.json").write_text(
        '{"variable": {"password": {"sensitive": true, "default": 1}}}'
    )
    asked = small_root.error("plan", "--var", "text=third", expect=1, PATH=path)
    assert "show was asked" in str(asked)


@pytest.fixture
def small_root(tmp_path: Path) -> WrappedRoot:
    made = WrappedRoot(
        tmp_path / "root",
        'variable "text" { default = 1 }\nresource "terraform_data" "a" { input = var.text }\n',
    )
    terraform = shutil.which("terraform")
    assert terraform
    (tmp_path / "terraform").write_text(
        f'#!/bin/sh\ncase "$1" in show) echo "show was asked" >&2; exit 9;; esac\nexec {terraform} "$@"\n'
    )
    (tmp_path / "terraform").chmod(0o755)
    return made


def test_open_types_and_unknown_values_are_told_apart_from_lists():
    import msgpack

    packed = msgpack.packb(
        {"open": [b'"string"', "text"], "list": ["a", "b"], "later": msgpack.ExtType(0, b"\0")}
    )
    assert cty_value(packed) == {"open": "text", "list": ["a", "b"], "later": UNKNOWN}
    with pytest.raises(ValueError, match="ends early"):
        message(b"\x0a\x05ab")
