"""The stand-in goes wrong on demand, in the ways in which Azure does."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable

import psutil

from tests.support.azurerm.mirror import StandIn
from tests.support.terraform_root import Root

Module = Callable[[str], Root]

TWO_GROUPS = """
resource "azurerm_resource_group" "first" {
  name     = "rg-first"
  location = "swedencentral"
}

resource "azurerm_virtual_network" "second" {
  name                = "vnet-second"
  location            = azurerm_resource_group.first.location
  resource_group_name = azurerm_resource_group.first.name
  address_space       = ["10.0.0.0/16"]
}
"""


def test_a_named_resource_fails_with_azures_text_and_the_rest_is_kept(module: Module, azure: StandIn) -> None:
    root = module(TWO_GROUPS)
    azure.trouble(fail=[{"match": "azurerm_virtual_network.vnet-*", "error": "conflict"}])
    told = root.run("apply", "-auto-approve", expect=1)
    assert "unexpected status 409 (409 Conflict) with error: Conflict: Another operation" in " ".join(
        told.stderr.split()
    )
    assert root.addresses() == ["azurerm_resource_group.first"]
    azure.trouble()
    root.run("apply", "-auto-approve")
    assert len(root.addresses()) == 2


def test_a_trouble_may_pass_after_some_times(module: Module, azure: StandIn) -> None:
    root = module(TWO_GROUPS)
    azure.trouble(fail=[{"match": "azurerm_resource_group", "error": "throttled", "times": 1}])
    root.run("apply", "-auto-approve", expect=1)
    root.run("apply", "-auto-approve")


def test_a_change_in_the_portal_is_drift_and_so_is_a_wished_one(module: Module, azure: StandIn) -> None:
    root = module(TWO_GROUPS)
    root.run("apply", "-auto-approve")
    azure.cloud.change("azurerm_virtual_network", address_space=["10.9.0.0/16"])
    assert _drifted(root) == ["azurerm_virtual_network.second"]
    azure.cloud.change("azurerm_virtual_network", address_space=["10.0.0.0/16"])
    assert _drifted(root) == []
    azure.trouble(drift=[{"match": "azurerm_resource_group", "set": {"tags": {"owner": "somebody"}}}])
    assert _drifted(root) == ["azurerm_resource_group.first"]


def test_what_was_deleted_in_the_portal_is_planned_anew(module: Module, azure: StandIn) -> None:
    root = module(TWO_GROUPS)
    root.run("apply", "-auto-approve")
    network = azure.cloud.resources("azurerm_virtual_network")[0]
    azure.cloud.delete(network.type, network.id)
    root.run("plan", "-detailed-exitcode", expect=2)


def test_what_exists_but_is_not_in_the_state_must_be_imported(module: Module, azure: StandIn) -> None:
    root = module(TWO_GROUPS)
    root.run("apply", "-auto-approve")
    root.run("state", "rm", "azurerm_virtual_network.second")
    assert "already exists - to be managed via Terraform this resource needs to be imported" in " ".join(
        root.run("apply", "-auto-approve", expect=1).stderr.split()
    )


def test_a_group_that_holds_what_terraform_does_not_know_is_not_deleted(
    module: Module, azure: StandIn
) -> None:
    root = module(TWO_GROUPS)
    root.run("apply", "-auto-approve")
    root.run("state", "rm", "azurerm_virtual_network.second")
    told = root.run("destroy", "-auto-approve", expect=1)
    assert "the Resource Group still contains Resources" in " ".join(told.stderr.split())


def test_a_provider_that_dies_fails_the_apply_and_the_state_keeps_what_was_done(
    module: Module, azure: StandIn
) -> None:
    root = module(TWO_GROUPS)
    azure.trouble(die=[{"match": "azurerm_virtual_network"}])
    root.run("apply", "-auto-approve", expect=1)
    assert root.addresses() == ["azurerm_resource_group.first"]
    assert azure.cloud.resources("azurerm_virtual_network") == []


def test_an_interrupted_creation_is_there_in_azure_and_not_in_the_state(
    module: Module, azure: StandIn
) -> None:
    root = module(TWO_GROUPS)
    azure.trouble(slow=[{"match": "azurerm_virtual_network", "seconds": 60}])
    applying = _start(root, azure, "azurerm_virtual_network")
    applying.send_signal(signal.SIGINT)
    output = applying.communicate(timeout=30)[0]
    assert applying.returncode == 1 and b"the context was canceled" in output
    assert root.addresses() == ["azurerm_resource_group.first"]
    assert len(azure.cloud.resources("azurerm_virtual_network")) == 1


def test_the_provider_ends_when_its_terraform_was_killed(module: Module, azure: StandIn) -> None:
    root = module(TWO_GROUPS)
    azure.trouble(slow=[{"match": "azurerm_virtual_network", "seconds": 60}])
    applying = _start(root, azure, "azurerm_virtual_network")
    assert _providers(azure)
    applying.kill()
    applying.communicate()
    deadline = time.monotonic() + 20
    while _providers(azure) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _providers(azure)


def _start(root: Root, azure: StandIn, type_name: str) -> subprocess.Popen[bytes]:
    """Begin an apply and return when the creation of that type is under way."""
    applying = subprocess.Popen(
        ["terraform", "apply", "-auto-approve", "-no-color"],
        cwd=root.folder,
        env=root.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    deadline = time.monotonic() + 30
    while not any(one["type"] == type_name for one in azure.cloud.events()):
        assert applying.poll() is None and time.monotonic() < deadline, "the apply did not get that far"
        time.sleep(0.02)
    return applying


def _providers(azure: StandIn) -> list[int]:
    """The provider processes that serve this Azure."""
    found = []
    for process in psutil.process_iter():
        try:
            command = process.cmdline()
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        if str(azure.folder) in command:
            found.append(process.pid)
    return found


def _drifted(root: Root) -> list[str]:
    drift = root.plan("-refresh-only").get("resource_drift", [])
    return [one["address"] for one in drift]
