"""A rollout or a restore that is not ended: no plan is made and none applied, wherever it was begun."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.azure.app_settings import SITES_API
from anomalyctl.environments import Environment
from anomalyctl.errors import SignInFailed
from anomalyctl.operations.infrastructure.adopting import adopt_from_plan
from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.infrastructure.underway import (
    Underway,
    require_nothing_in_azure,
    require_nothing_noted,
    require_nothing_seen,
)
from anomalyctl.operations.restoring.journal import Restore
from anomalyctl.operations.rollout.journal import Journal, Rollout
from anomalyctl.project import Project
from tests.operations.infrastructure.test_adopting import OURS, account, plan, resource
from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID, Trouble
from tests.support.azure_stand_in.running import AzureStandIn, running_azure
from tests.support.certificates import Certificates

OLD = "cosno-wells-dev-1a2b"
NEW = f"{OLD}-r3c4d"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    folder = tmp_path / "terraform"
    environment = Environment("dev", "azure", protected=False, summary="")
    return Place(Project(tmp_path, tmp_path / ".anomalyctl"), environment, folder, folder, "dev", True, "")


def app(*shares: dict[str, Any]) -> dict[str, Any]:
    template = [{"container": [{"name": "detectors", "image": OURS}]}]
    attributes = {"template": template, "ingress": [{"traffic_weight": list(shares)}]}
    return resource("azurerm_container_app", "detectors", attributes)


def functions(endpoint: str, kind: str = "azurerm_linux_function_app") -> dict[str, Any]:
    return resource(kind, "this", {"app_settings": {"COSMOS_TRIGGER__accountEndpoint": endpoint}})


def reads(name: str) -> str:
    return f"https://{name}.documents.azure.com:443/"


WHOLE = {"latest_revision": True, "percentage": 100, "label": ""}
SPLIT = (
    {"revision_suffix": "1", "percentage": 90, "label": "before"},
    {"revision_suffix": "2", "percentage": 10, "label": ""},
)


def test_a_divided_app_is_no_plan_and_its_image_is_not_taken_for_the_one_that_runs(
    place: Place, tmp_path: Path
):
    with pytest.raises(Underway, match="a rollout is under way") as refused:
        adopt_from_plan(place, plan(tmp_path, app(*SPLIT)))
    assert refused.value.exit_code == 6
    assert "anomalyctl rollback --env dev" in refused.value.hint
    assert not place.published_variables.exists()
    assert adopt_from_plan(place, plan(tmp_path, app(WHOLE)))


@pytest.mark.parametrize("kind", ["azurerm_linux_function_app", "azurerm_function_app_flex_consumption"])
def test_functions_that_read_a_restored_account_are_not_led_back(place: Place, kind: str):
    state = {"resources": [account(OLD), functions(reads(NEW), kind)]}
    with pytest.raises(Underway, match=f"read {NEW}, and the state has {OLD}"):
        require_nothing_seen(place, state)
    back = {"resources": [account(NEW), functions(reads(OLD), kind)]}
    with pytest.raises(Underway):
        require_nothing_seen(place, back)


@pytest.mark.parametrize("read", [OLD, "another-account"])
def test_what_is_no_restore_is_terraforms_own_to_mend(place: Place, read: str):
    require_nothing_seen(place, {"resources": [account(OLD), functions(reads(read)), app(WHOLE)]})
    require_nothing_seen(place, {})


GROUP = f"/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-wells-dev/providers"
APP = f"{GROUP}/Microsoft.App/containerApps/ca-wells-dev"
FUNCTIONS = f"{GROUP}/Microsoft.Web/sites/func-wells-dev"
IDS = {
    "azurerm_container_app.detectors": APP,
    "azurerm_linux_function_app.this[0]": FUNCTIONS,
    "azurerm_cosmosdb_account.this": f"{GROUP}/Microsoft.DocumentDB/databaseAccounts/{OLD}",
}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureStandIn]:
    with running_azure(Certificates.made_in(tmp_path_factory.mktemp("certificates"))) as azure:
        yield azure


@pytest.fixture
def azure(running: AzureStandIn) -> AzureStandIn:
    running.begin_anew()
    return running


def tell_app(azure: AzureStandIn, *shares: dict[str, Any]) -> None:
    template = {"containers": [{"name": "detectors", "image": OURS}]}
    configuration = {"activeRevisionsMode": "Multiple", "ingress": {"traffic": [*shares]}}
    told = {"properties": {"configuration": configuration, "template": template}}
    azure.paper.resources[APP.lower()] = told


def tell_functions(azure: AzureStandIn, endpoint: str) -> None:
    settings = {"properties": {"COSMOS_TRIGGER__accountEndpoint": endpoint}}
    azure.paper.questions[f"{FUNCTIONS}/config/appsettings/list".lower()] = (SITES_API, lambda _: settings)


def test_azure_is_asked_whether_a_rollout_was_begun_since_a_plan_was_made(place: Place, azure: AzureStandIn):
    tell_app(azure, {"latestRevision": True, "weight": 100})
    require_nothing_in_azure(place, IDS, azure.environ())
    tell_app(
        azure, {"revisionName": "a", "weight": 100, "label": "before"}, {"revisionName": "b", "weight": 0}
    )
    with pytest.raises(Underway, match="a rollout is under way") as refused:
        require_nothing_in_azure(place, IDS, azure.environ())
    assert refused.value.exit_code == 6


def test_azure_is_asked_whether_the_services_were_switched_since_a_plan_was_made(
    place: Place, azure: AzureStandIn
):
    tell_functions(azure, reads(OLD))
    require_nothing_in_azure(place, IDS, azure.environ())
    tell_functions(azure, reads(NEW))
    with pytest.raises(Underway, match=f"read {NEW}, and the state has {OLD}"):
        require_nothing_in_azure(place, IDS, azure.environ())


def test_where_nobody_can_ask_azure_an_earlier_plan_is_not_applied(place: Place, azure: AzureStandIn):
    azure.paper.troubles.append(Trouble(f"GET {APP}", 403, "AuthorizationFailed", times=9))
    with pytest.raises(SignInFailed):
        require_nothing_in_azure(place, IDS, azure.environ())
    require_nothing_in_azure(place, {"azurerm_resource_group.this": "/x"}, {})  # nothing to ask about


def restore(phase: Any, switched_at: str = "") -> Restore:
    return Restore(
        run="R",
        at="2026-11-20T09:30:00Z",
        source="S",
        old_id=f"/x/{OLD}",
        new_id=f"/x/{NEW}",
        phase=phase,
        switched_at=switched_at,
    )


def note(place: Place, name: str, value: Any) -> None:
    place.state.mkdir(parents=True, exist_ok=True)
    (place.state / name).write_text(json.dumps(asdict(value)))


@pytest.mark.parametrize(
    ("phase", "at", "named"), [("switched", "t", NEW), ("wired", "t", NEW), ("returning", "t", OLD)]
)
def test_between_the_switch_and_terraform_nothing_is_planned_or_applied(
    place: Place, phase: str, at: str, named: str
):
    note(place, "restore.json", restore(phase, at))
    with pytest.raises(Underway, match=f"read {named}, or are about to") as refused:
        require_nothing_noted(place)
    assert ("--back" in refused.value.hint) == (phase == "returning")


@pytest.mark.parametrize("phase", ["begun", "made", "wired", "known", "returned", "finished"])
def test_while_the_services_read_what_terraform_knows_there_is_nothing_in_the_way(place: Place, phase: str):
    note(place, "restore.json", restore(phase))
    require_nothing_noted(place)


def test_a_rollout_that_was_cut_off_here_lets_no_earlier_plan_be_applied(place: Place):
    rollout = Rollout("R", "/app", "ca--1", "cr/detectors:old", "cr/detectors:new", 10)
    journal = Journal(place.state / "rollout.json")
    journal.write(rollout, "split")
    with pytest.raises(Underway, match=r"cr/detectors:new to dev is not ended \(split\)"):
        require_nothing_noted(place)
    require_nothing_noted(place, rollouts=False)
    journal.write(rollout, "done")
    require_nothing_noted(place)
