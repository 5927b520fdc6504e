"""The real `azurerm` backend of the real Terraform over Azurite, signed in with Entra's tokens."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from anomalyctl.azure.session import open_session
from anomalyctl.environments import StateSettings
from tests.support.azurite import ACCOUNT, Azurite, running_azurite
from tests.support.terraform_root import Root, Run, clean_environment

MAIN = """
terraform {
  backend "azurerm" {}
}
variable "seconds" {
  default = 0
}
variable "text" {
  default = "first"
}
resource "terraform_data" "kept" {
  input = var.text
  provisioner "local-exec" {
    command = "sleep ${var.seconds}"
  }
}
"""


@pytest.fixture(scope="module")
def azurite(running_stand_in, tmp_path_factory) -> Iterator[Azurite]:
    running_stand_in.begin_anew()
    with running_azurite(tmp_path_factory.mktemp("azurite"), running_stand_in) as azurite:
        yield azurite


@pytest.fixture
def blobs(azurite, azure, dev, request):
    """Our own client of the state, on a key of the test's own."""
    environment = replace(dev, state=StateSettings(account=ACCOUNT, key=f"{request.node.name}.tfstate"))
    with open_session(environment, azurite.environ()) as session, session.state_blobs() as blobs:
        yield blobs


@pytest.fixture
def root(azurite, azure, tmp_path, request) -> Root:
    """A root module with the backend of the test's own key, initialised."""
    return initialised(tmp_path / "terraform", azurite, f"{request.node.name}.tfstate")


def initialised(folder: Path, azurite: Azurite, key: str, **options: bool) -> Root:
    folder.mkdir()
    (folder / "main.tf").write_text(MAIN)
    root = Root(folder, clean_environment() | azurite.terraform_environ(**options))
    root.run("init", *configured(azurite, key, **options))
    return root


def configured(azurite: Azurite, key: str, **options: bool) -> list[str]:
    return [f"-backend-config={name}={value}" for name, value in azurite.backend(key, **options).items()]


def apply(root: Root, *arguments: str, expect: int | None = 0) -> Run:
    return root.run("apply", "-auto-approve", *arguments, expect=expect)


def pulled(root: Root) -> dict:
    return json.loads(root.run("state", "pull").stdout)


class Holding:
    """Terraform in the middle of an apply, holding the lock."""

    def __init__(self, root: Root) -> None:
        command = ["terraform", "apply", "-auto-approve", "-no-color", "-var=seconds=120", "-var=text=held"]
        told = root.folder.parent / "told.log"
        with told.open("wb") as output:
            self.process = subprocess.Popen(
                command,
                cwd=root.folder,
                env=root.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + 60
        while "(local-exec): Executing" not in told.read_text():
            assert time.monotonic() < deadline, told.read_text()
            assert self.process.poll() is None, told.read_text()
            time.sleep(0.05)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=60)


@pytest.fixture
def holding(root) -> Iterator[Holding]:
    held = Holding(root)
    try:
        yield held
    finally:
        if held.process.poll() is None:
            held.end(signal.SIGKILL)


def test_each_workspace_has_a_blob_of_its_own(azurite, root, request):
    for workspace in ("dev", "prod"):
        root.run("workspace", "new", workspace)
        apply(root, f"-var=text={workspace}")
    assert {line.strip(" *") for line in root.run("workspace", "list").stdout.split()} >= {"dev", "prod"}
    for workspace in ("dev", "prod"):
        blob = azurite.request("GET", f"/tfstate/{request.node.name}.tfstateenv:{workspace}")
        assert blob.json()["resources"][0]["instances"][0]["attributes"]["input"]["value"] == workspace
    root.run("workspace", "select", "dev")
    root.run("workspace", "delete", "-force", "prod")
    assert azurite.request("HEAD", f"/tfstate/{request.node.name}.tfstateenv:prod").status_code == 404


def test_a_second_holder_is_refused_and_our_client_tells_who_is_first(root, blobs, holding):
    lock = blobs.lock_of("default")
    assert lock.operation == "OperationTypeApply"
    assert lock.lease == "leased"
    assert lock.created is not None
    second = root.run("plan", expect=1)
    assert "Error acquiring the state lock" in second.stderr
    assert lock.id in second.stderr
    assert lock.who in second.stderr


def test_a_killed_terraform_leaves_its_lock_and_force_unlock_releases_it(root, blobs, holding):
    lock = blobs.lock_of("default")
    holding.end(signal.SIGKILL)
    assert blobs.lock_of("default") == lock
    root.run("plan", expect=1)
    root.run("force-unlock", "-force", lock.id)
    assert blobs.lock_of("default") is None
    root.run("plan")


def test_a_lease_without_metadata_defeats_force_unlock_and_is_broken_by_us(
    azurite, root, blobs, holding, request
):
    lock = blobs.lock_of("default")
    holding.end(signal.SIGKILL)
    blob = f"/tfstate/{request.node.name}.tfstate"
    forgotten = azurite.request("PUT", f"{blob}?comp=metadata", headers={"x-ms-lease-id": lock.id})
    assert forgotten.status_code == 200, forgotten.text
    assert blobs.lock_of("default").id == ""
    assert root.run("force-unlock", "-force", lock.id, expect=1).exit_code == 1
    blobs.break_lease("default")
    assert blobs.lock_of("default") is None
    root.run("plan")


def test_sigterm_ends_terraform_without_a_lock(root, blobs, holding):
    holding.end(signal.SIGTERM)
    assert blobs.lock_of("default") is None
    assert pulled(root)["resources"][0]["instances"][0]["status"] == "tainted"


def test_pull_and_push_keep_the_newer_state(root, tmp_path):
    apply(root, "-var=text=one")
    older = tmp_path / "older.tfstate"
    older.write_text(root.run("state", "pull").stdout)
    apply(root, "-var=text=two")
    refused = root.run("state", "push", str(older), expect=1)
    assert "cannot import state with serial" in refused.stderr
    newer = pulled(root)
    newer["serial"] += 1
    older.write_text(json.dumps(newer))
    root.run("state", "push", str(older))
    assert pulled(root)["serial"] >= newer["serial"]


def test_a_state_comes_back_after_the_server_was_stopped_well(azurite, root):
    apply(root, "-var=text=kept")
    before = pulled(root)
    azurite.stop()
    azurite.start()
    assert pulled(root) == before


def test_no_token_and_no_secret_is_kept_beside_the_configuration(azurite, root):
    apply(root)
    kept = "".join(path.read_text() for path in root.folder.rglob("*") if path.is_file())
    assert root.environment["ARM_CLIENT_SECRET"] not in kept
    assert azurite.key not in kept


def test_the_backend_works_with_a_shared_key_too(azurite, azure, tmp_path):
    root = initialised(tmp_path / "terraform", azurite, "with-a-key.tfstate", access_key=True)
    apply(root)
    assert azurite.key not in (root.folder / ".terraform" / "terraform.tfstate").read_text()


def test_our_client_may_read_and_write_what_terraform_may(blobs):
    blobs.check_reading()
    blobs.check_writing()
    assert blobs.lock_of("default") is None
