"""What publishing changed beside Terraform is no drift; whatever else changed with it is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from anomalyctl.provisioning.plans.reading import read_plan

PLACEHOLDER = "mcr.microsoft.com/k8se/quickstart:latest"
OURS = "crwells.azurecr.io/detectors:0123abc"
PROBE = {"path": "/health/live", "port": 8000}


def app(image: str, *, port: int = 8000, probes: bool = True, **more: Any) -> dict[str, Any]:
    container = {"name": "detectors", "image": image, "cpu": 0.5}
    container |= {"liveness_probe": [PROBE] if probes else [], "readiness_probe": [], "startup_probe": []}
    return {
        "latest_revision_name": f"ca--{len(image)}",
        "template": [{"container": [container], "min_replicas": 1}],
        "ingress": [{"target_port": port, "external_enabled": True}],
        **more,
    }


def drift(kind: str, before: Any, after: Any, actions: tuple[str, ...] = ("update",)) -> tuple[str, str]:
    """The addresses that drifted, and those that were published."""
    entry = {
        "address": f"{kind}.it",
        "mode": "managed",
        "type": kind,
        "change": {"actions": list(actions), "before": before, "after": after},
    }
    plan = read_plan({"format_version": "1.2", "resource_changes": [], "resource_drift": [entry]})
    return ",".join(one.address for one in plan.drift), ",".join(one.address for one in plan.published)


CONTAINER_APP = "azurerm_container_app"


def test_the_first_image_with_its_port_and_probes_is_published() -> None:
    found = drift(CONTAINER_APP, app(PLACEHOLDER, port=80, probes=False), app(OURS))
    assert found == ("", "azurerm_container_app.it")


def test_the_next_image_and_the_jobs_are_published() -> None:
    assert drift(CONTAINER_APP, app(OURS), app(f"{OURS}4"))[0] == ""
    job = "azurerm_container_app_job"
    before = {"template": [{"container": [{"image": "cr.azurecr.io/anomalyctl:0123abc"}]}]}
    after = {"template": [{"container": [{"image": "cr.azurecr.io/anomalyctl:4567def"}]}]}
    assert drift(job, before, after) == ("", "azurerm_container_app_job.it")


def test_a_sites_mark_is_published() -> None:
    before = {"tags": {"environment": "dev"}, "https_only": True}
    after = {"tags": {"environment": "dev", "published": "0123abc"}, "https_only": True}
    assert drift("azurerm_linux_web_app", before, after) == ("", "azurerm_linux_web_app.it")
    assert (
        drift("azurerm_linux_web_app", {**before, "tags": None}, {**before, "tags": {"published": "a"}})[0]
        == ""
    )
    assert drift("azurerm_key_vault", before, after)[0], "publishing marks no vault"


def test_the_certificate_of_a_host_name_is_published() -> None:
    kind, before = (
        "azurerm_container_app_custom_domain",
        {"name": "d.example", "certificate_binding_type": None},
    )
    after = {**before, "certificate_binding_type": "SniEnabled"}
    assert drift(kind, before, after) == ("", f"{kind}.it")
    assert drift(kind, before, {**after, "name": "e.example"})[0] == f"{kind}.it"


@pytest.mark.parametrize(
    "changed",
    [
        {"https_only": False},
        {"tags": {"published": "0123abc"}},
        {"tags": {"environment": "dev", "published": "0123abc", "owner": "somebody"}},
    ],
)
def test_whatever_else_changed_of_a_site_is_drift(changed: dict[str, Any]) -> None:
    before = {"tags": {"environment": "dev"}, "https_only": True}
    after = {"tags": {"environment": "dev", "published": "0123abc"}, "https_only": True, **changed}
    assert drift("azurerm_linux_function_app", before, after)[0] == "azurerm_linux_function_app.it"


def _another_image(found: dict[str, Any]) -> None:
    found["template"][0]["container"][0]["image"] = "docker.io/library/nginx:latest"


def _less_cpu(found: dict[str, Any]) -> None:
    found["template"][0]["container"][0]["cpu"] = 0.25


def _another_port(found: dict[str, Any]) -> None:
    found["ingress"][0]["target_port"] = 9000


def _no_probe(found: dict[str, Any]) -> None:
    found["template"][0]["container"][0]["liveness_probe"] = []


def _open_to_plain_http(found: dict[str, Any]) -> None:
    found["ingress"][0]["allow_insecure_connections"] = True


@pytest.mark.parametrize(
    "somebody", [_another_image, _less_cpu, _another_port, _no_probe, _open_to_plain_http]
)
def test_whatever_else_changed_of_the_app_is_drift(somebody: Any) -> None:
    after = app(f"{OURS}4")
    changed = copy.deepcopy(after)
    somebody(changed)
    assert drift(CONTAINER_APP, app(OURS), after)[0] == ""
    assert drift(CONTAINER_APP, app(OURS), changed)[0] == "azurerm_container_app.it"


def test_an_app_that_is_gone_is_drift() -> None:
    assert drift(CONTAINER_APP, app(OURS), None, ("delete",))[0] == "azurerm_container_app.it"
