"""The folders are a function app: what Azure and the local host read there fits the code."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from typing import Any

import orjson
import pytest
from croniter import croniter

from anomalyctl.local.functions.bindings import read_definitions
from anomalyctl.local.functions.loading import load_function
from anomalyctl.stores.anomalies.schema import CONTAINERS, DATABASE_NAME, LEASES
from anomalyctl.stores.readings.keys import DOORBELL, READINGS

ROOT = Path(__file__).parents[3] / "services" / "functions"
FOLDERS = sorted(path.parent for path in ROOT.glob("*/function.json"))
EXPECTED = {
    "process_readings": "redisStreamTrigger",
    "process_spread_readings": "redisStreamTrigger",
    "sweep_readings": "timerTrigger",
    "fit_model": "timerTrigger",
    "update_dashboard_cache": "cosmosDBTrigger",
    "clean_up": "timerTrigger",
}


def _binding(folder: Path) -> dict[str, Any]:
    [binding] = orjson.loads((folder / "function.json").read_bytes())["bindings"]
    assert isinstance(binding, dict)
    return binding


def test_the_functions_are_there_with_their_triggers() -> None:
    assert {folder.name: _binding(folder)["type"] for folder in FOLDERS} == EXPECTED


def test_the_host_uses_the_extension_bundle_that_has_the_redis_trigger() -> None:
    host = orjson.loads((ROOT / "host.json").read_bytes())
    assert host["version"] == "2.0"
    assert host["extensionBundle"] == {
        "id": "Microsoft.Azure.Functions.ExtensionBundle",
        "version": "[4.0.0, 5.0.0)",
    }


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_script_exists_and_main_takes_what_the_trigger_passes(folder: Path) -> None:
    content = orjson.loads((folder / "function.json").read_bytes())
    script = folder / content["scriptFile"]
    spec = importlib.util.spec_from_file_location(f"checked_{folder.name}", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert list(inspect.signature(module.main).parameters) == [_binding(folder)["name"]]
    assert len(folder.name) <= 32, "longer names collide in a host's id"


def test_the_local_host_loads_every_folder() -> None:
    definitions = read_definitions(ROOT, {})
    assert {definition.name for definition in definitions} == set(EXPECTED)
    for definition in definitions:
        assert callable(load_function(definition))


@pytest.mark.parametrize("name", [name for name, kind in EXPECTED.items() if kind == "timerTrigger"])
def test_schedules_have_six_fields_that_mean_something(name: str) -> None:
    schedule = _binding(ROOT / name)["schedule"]
    assert len(schedule.split()) == 6
    assert croniter.is_valid(schedule, second_at_beginning=True)


def test_the_triggers_watch_what_the_stores_write_with_prefixes_of_their_own() -> None:
    redis, cosmos = _binding(ROOT / "process_readings"), _binding(ROOT / "update_dashboard_cache")
    assert (redis["key"], redis["connection"]) == (READINGS, "REDIS_TRIGGER")
    assert _binding(ROOT / "process_spread_readings") == {**redis, "key": DOORBELL}
    assert cosmos["connection"] == "COSMOS_TRIGGER"
    assert cosmos["databaseName"] == DATABASE_NAME
    assert cosmos["containerName"] in {container.name for container in CONTAINERS}
    assert cosmos["leaseContainerName"] == LEASES
    assert cosmos["createLeaseContainerIfNotExists"] is False, "an identity may not create containers"


def test_the_package_installs_the_functions_extra() -> None:
    assert (ROOT / "requirements.txt").read_text().split() == ["anomalyctl[functions]"]
