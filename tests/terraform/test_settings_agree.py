"""What Terraform sets is what the services read: settings, bindings, containers, words of the log."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.language import settings as language_settings
from anomalyctl.pipeline.settings import WorkerSettings
from anomalyctl.stores.anomalies.schema import CONTAINERS, DATABASE_NAME
from detector_service.settings import DetectorSettings
from tests.support.plans import Planned, planned
from tests.support.terraform_root import Root

PROJECT = Path(__file__).parents[2]
FUNCTIONS = PROJECT / "services" / "functions"
TERRAFORM = PROJECT / "terraform"

# Read by Azure's own parts: the Functions host, azure-identity, Application Insights, the image's command.
HOST = {
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "AZURE_CLIENT_ID",
    "AzureFunctionsWebHost__hostid",
    "AzureWebJobsStorage",
    "AzureWebJobsStorage__accountName",
    "AzureWebJobsStorage__clientId",
    "AzureWebJobsStorage__credential",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "PORT",
    "WEBSITE_RUN_FROM_PACKAGE",
    "WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID",
}

FLAVOURS = {
    "dedicated": (),
    "elastic": ("-var=functions_plan=elastic",),
    "flex": ("-var=functions_plan=flex",),
    "with access keys": ("-var=access_keys_enabled=true", "-var=detector_audience=api://detectors"),
    "several queues": ("-var=reading_queues=3",),
    "as first specified": ("-var=redis_flavor=cache_premium",),
}


@pytest.fixture(scope="module", params=FLAVOURS)
def plan(request: pytest.FixtureRequest, initialised: Root) -> dict[str, Any]:
    """One plan a flavour."""
    arguments = FLAVOURS[request.param]
    tag = "-var=detectors_image_tag=0123abc"
    made = initialised.plan(*initialised.variables("prod"), tag, "-var=batch_job_enabled=true", *arguments)
    return made | {"flavour": request.param}


def test_the_functions_get_what_they_need_and_nothing_that_nobody_reads(plan: dict[str, Any]) -> None:
    names = _function_settings(plan)
    needed, read = _fields(WorkerSettings)
    assert needed | {"DETECTOR_TOKEN"} <= names
    bindings = {name for name in names if name.startswith(tuple(_connections()))}
    disabled = {name for name in names if re.fullmatch(r"AzureWebJobs_\w+_Disabled", name)}
    assert names - read - HOST - bindings - disabled == {"ANOMALYCTL_ENV"}


def test_a_binding_has_its_connection_in_one_form_only(plan: dict[str, Any]) -> None:
    names = _function_settings(plan)
    for connection, functions in _connections().items():
        plain, by_identity = {connection} & names, {n for n in names if n.startswith(f"{connection}__")}
        if all(f"AzureWebJobs_{function}_Disabled" in names for function in functions):
            assert not plain and not by_identity, f"{functions} are off and have a connection"
        else:
            assert bool(plain) != bool(by_identity), f"{connection}: exactly one form may be set"
            assert bool(plain) is (plan["flavour"] == "with access keys")


def test_a_binding_that_signs_in_has_the_words_that_its_extension_reads(plan: dict[str, Any]) -> None:
    names = _function_settings(plan)
    words = {
        "REDIS_TRIGGER": {"redisHostName", "principalId", "clientId", "credential"},
        "COSMOS_TRIGGER": {"accountEndpoint", "credential", "clientId"},
    }
    assert set(_connections()) == set(words)
    for connection, expected in words.items():
        found = {name.split("__")[1] for name in names if name.startswith(f"{connection}__")}
        assert found in (set(), expected), connection


def test_only_a_plan_without_redis_triggers_turns_the_doorbell_off(plan: dict[str, Any]) -> None:
    off = {name for name in _function_settings(plan) if name.endswith("_Disabled")}
    several = plan["flavour"] == "several queues"
    assert off == {
        *(["AzureWebJobs_process_readings_Disabled"] if plan["flavour"] == "flex" else []),
        *([] if several else ["AzureWebJobs_process_spread_readings_Disabled"]),
    }
    for name in ("process_readings", "process_spread_readings"):
        assert (FUNCTIONS / name / "function.json").is_file()


def test_the_detectors_get_what_they_need_and_nothing_that_nobody_reads(plan: dict[str, Any]) -> None:
    names = _environment(planned(plan, "azurerm_container_app")[0])
    needed, read = _fields(DetectorSettings)
    source = Path(str(language_settings.__file__)).read_text(encoding="utf-8")
    language = set(re.findall(r'environment\.get\("(\w+)"', source))
    assert needed <= names
    assert {"AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_DEPLOYMENT"} <= names & language
    assert names - read - language - HOST == {"ANOMALYCTL_ENV"}


def test_the_batch_job_gets_what_the_functions_get(plan: dict[str, Any]) -> None:
    needed, read = _fields(WorkerSettings)
    names = _environment(planned(plan, "azurerm_container_app_job")[0])
    assert needed | {"DETECTOR_TOKEN"} <= names
    # The command line reads the environment's name by itself.
    assert names - read - HOST == {"ANOMALYCTL_ENV"}


def test_the_containers_of_cosmos_db_are_those_that_the_stores_know(plan: dict[str, Any]) -> None:
    assert [one.values["name"] for one in planned(plan, "azurerm_cosmosdb_sql_database")] == [DATABASE_NAME]
    made = {
        one.values["name"]: (
            one.values["partition_key_paths"],
            one.values["default_ttl"],
            [path["path"] for path in one.block("indexing_policy")["included_path"]],
            [path["path"] for path in one.block("indexing_policy")["excluded_path"]],
        )
        for one in planned(plan, "azurerm_cosmosdb_sql_container")
    }
    assert made == {
        one.name: ([one.partition_key], one.default_ttl_s, [f"{path}/?" for path in one.indexed], ["/*"])
        for one in CONTAINERS
    }


def test_a_change_feed_watches_containers_that_exist(plan: dict[str, Any]) -> None:
    known = {one.values["name"] for one in planned(plan, "azurerm_cosmosdb_sql_container")}
    for _, binding in _bindings():
        if binding["type"] == "cosmosDBTrigger":
            assert binding["databaseName"] == DATABASE_NAME
            assert {binding["containerName"], binding["leaseContainerName"]} <= known
            assert binding["createLeaseContainerIfNotExists"] is False, "its role may not create containers"


def test_the_queries_look_for_words_that_the_pipeline_logs() -> None:
    drain = (PROJECT / "anomalyctl" / "pipeline" / "drain.py").read_text(encoding="utf-8")
    logged = re.search(r'"(judged %d readings[^"]*)"', drain)
    assert logged, "the drain no longer says what it judged"
    line = re.sub(r"%\.1f", "1.5", re.sub(r"%d", "7", logged[1]))
    parsed = re.compile(r"judged \d+ readings in .* s: \d+ anomalous, \d+ late, .* repeated, \d+ refused")
    assert parsed.match(line), f"alerts-queries.tf and workbook.tf cannot read “{line}”"
    judging = (PROJECT / "anomalyctl" / "pipeline" / "judging.py").read_text(encoding="utf-8")
    assert "judged without the" in judging


def _function_settings(plan: dict[str, Any]) -> set[str]:
    (app,) = planned(plan, "azurerm_linux_function_app", "azurerm_function_app_flex_consumption")
    unknown = app.unknown.get("app_settings")
    return set(app.values.get("app_settings") or {}) | set(unknown if isinstance(unknown, dict) else {})


def _environment(app: Planned) -> set[str]:
    return {variable["name"] for variable in app.block("template", "container")["env"]}


def _fields(settings: Any) -> tuple[set[str], set[str]]:
    fields = settings.model_fields
    return (
        {name.upper() for name, field in fields.items() if field.is_required()},
        {name.upper() for name in fields},
    )


def _bindings() -> list[tuple[str, dict[str, Any]]]:
    return [
        (file.parent.name, binding)
        for file in sorted(FUNCTIONS.glob("*/function.json"))
        for binding in json.loads(file.read_text(encoding="utf-8"))["bindings"]
    ]


def _connections() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, binding in _bindings():
        if "connection" in binding:
            found.setdefault(binding["connection"], []).append(name)
    return found
