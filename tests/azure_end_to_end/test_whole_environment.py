"""An environment of Azure from nothing to nothing, each step a command line as its operator types it."""

from __future__ import annotations

import json
from typing import Any

import psutil
import pytest

from tests.support.azure_stand_in.entra import OPERATOR, claims_of
from tests.support.entra_redis import AUDIENCE as REDIS_AUDIENCE
from tests.support.whole_azure import BAD, DOMAIN, WholeAzure
from tests.support.wrapped_root import wait_until

PARTS = ("redis", "cosmos", "detectors", "functions", "dashboard")


@pytest.mark.timeout(600)  # half a minute on a machine that does nothing else
def test_deploy_use_roll_out_and_destroy(azure: WholeAzure, reading_store: Any) -> None:
    published = _deploys_and_publishes(azure)
    _plans_to_take_nothing_back(azure)
    _sends_nothing_twice(azure, published)
    azure.create_database()
    _takes_readings_from_whoever_has_a_role(azure, reading_store)
    _answers(azure)
    _goes_back_from_a_bad_revision(azure)
    _leaves_no_traffic_divided_when_it_is_killed(azure)
    _settles_nothing_when_the_power_goes_off(azure)
    _leaves_nothing(azure)


def _deploys_and_publishes(azure: WholeAzure) -> dict[str, Any]:
    deployed = azure("deploy", "--yes")
    assert deployed["outcome"] == "applied"
    assert len(deployed["applied"]["resources"]) > 100
    published = {one["name"]: one for one in deployed["published"]["parts"]}
    assert list(published) == ["detectors", "functions", "dashboard"]
    assert {(one["outcome"], one["healthy"]) for one in published.values()} == {("published", True)}
    # The registry built from the sources, the app runs that image, and its own name answers for it.
    commit = published["detectors"]["version"]
    assert published["detectors"]["committed"]
    assert {build["imageNames"][0] for build in azure.services.builds} == {
        f"detectors:{commit}",
        f"anomalyctl:{commit}",
    }
    assert azure.serving() == {f"{azure.services.login_server}/detectors:{commit}": 100}
    assert f"ca-anomaly-detection-dev.{DOMAIN}" in azure.asked
    # Each site has its package, and is marked with its content.
    assert [path for path, _, _ in azure.services.packages] == ["/api/zipdeploy", "/api/publish"]
    places = azure.services.places
    assert azure.services.tag_of(places.functions) and azure.services.tag_of(places.dashboard)
    health = {one["name"]: one["answer"] for one in deployed["health"]}
    assert health["container_app_fqdn"] == health["app_service_url"] == "answers"
    return published


def _plans_to_take_nothing_back(azure: WholeAzure) -> None:
    """Terraform made the app with a placeholder; what was published beside it is what it wants now."""
    planned = azure("plan")
    assert (planned["has_changes"], planned["plan"]["changes"], planned["plan"]["outputs"]) == (False, [], [])
    drift = azure("drift")
    assert (drift["drifted"], drift["resources"]) == (False, [])


def _sends_nothing_twice(azure: WholeAzure, before: dict[str, Any]) -> None:
    builds, packages = len(azure.services.builds), len(azure.services.packages)
    again = {one["name"]: one for one in azure("publish", "all", "--yes")["parts"]}
    # The functions' package holds the package that runs here: somebody may be working on it at this moment.
    same = {name for name in again if again[name]["version"] == before[name]["version"]}
    assert {"detectors", "dashboard"} <= same
    assert {name for name in again if again[name]["outcome"] == "unchanged"} == same
    assert len(azure.services.builds) == builds
    assert len(azure.services.packages) == packages + len(again) - len(same)


def _takes_readings_from_whoever_has_a_role(azure: WholeAzure, reading_store: Any) -> None:
    simulate = ("simulate", "--count", "3", "--rate", "1s", "--source", "well-1", "--confirm", "dev")
    azure.redis.roles.clear()
    refused = azure(*simulate, expect=4)
    assert "operator_object_ids" in refused["hint"]
    assert reading_store.sources() == []
    azure.redis.roles.add(OPERATOR)
    azure(*simulate)
    assert len(reading_store.window("well-1", 0, 2**53, 100)) == 3
    shown = [claims_of(token) for token in azure.redis.shown]
    assert {(one["aud"], one["oid"]) for one in shown} == {(REDIS_AUDIENCE, OPERATOR)}


def _answers(azure: WholeAzure) -> None:
    assert azure("anomalies", "list") == []
    status = azure("status")
    assert tuple(one["name"] for one in status["parts"]) == PARTS
    assert {(one["health"], one["detail"]) for one in status["parts"]} == {("healthy", "")}, status["parts"]
    assert status["queued"] == 3


def _goes_back_from_a_bad_revision(azure: WholeAzure) -> None:
    before = azure.serving()
    azure.put_into_registry(BAD)
    arguments = ("--image", BAD, "--canary", "10", "--watch", "2s", "--yes")
    error = azure("rollout", "detectors", *arguments, expect=1)
    assert error["code"] == "went_back"
    assert "100.0% of its requests fail" in error["message"]
    shares = [sorted(one.values()) for one in azure.revisions.divided]
    assert [10, 90] in shares, "the bad one had its share"
    assert azure.serving() == before
    assert azure.revisions.as_terraform_has_it
    assert azure("runs", "list")[0]["outcome"] == "failed"
    assert azure("rollback", "--yes", expect=1)["code"] == "not_found", "nothing is left to take back"


def _leaves_no_traffic_divided_when_it_is_killed(azure: WholeAzure) -> None:
    before = azure.serving()
    process = _rolls_out(azure, "next")
    process.kill()
    process.communicate()
    log = azure.root / ".anomalyctl" / "dev" / "rollout-guard.log"
    wait_until(lambda: "the old revision serves again" in log.read_text(), "the guard to bring it back")
    assert azure.serving() == before
    assert azure.revisions.as_terraform_has_it


def _settles_nothing_when_the_power_goes_off(azure: WholeAzure) -> None:
    """Neither the rollout nor its guard is left; whoever comes next is told, and ends it."""
    before = azure.serving()
    planned = azure("plan")["plan_id"]
    process = _rolls_out(azure, "next")
    (guard,) = psutil.Process(process.pid).children()
    for one in (guard, process):
        one.kill()
    process.communicate()
    assert len(azure.serving()) == 2, "nobody is left to bring it back"
    for command in (("plan",), ("deploy", "--yes"), ("publish", "detectors", "--yes")):
        refused = azure(*command, expect=6)
        assert "a rollout is under way" in json.dumps(refused), command
    journal = azure.root / ".anomalyctl" / "dev" / "rollout.json"
    noted = journal.rename(journal.with_suffix(".elsewhere"))  # a machine that knows nothing of it
    assert "a rollout is under way" in azure("apply", planned, "--yes", expect=6)["message"]
    noted.rename(journal)
    assert len(azure.serving()) == 2
    taken_back = azure("rollback", "--yes")
    assert azure.serving() == before == {taken_back["image"]: 100}
    assert azure.revisions.as_terraform_has_it
    assert azure("plan")["plan"]["changes"] == []


def _rolls_out(azure: WholeAzure, tag: str) -> Any:
    """A rollout that is being watched."""
    azure.put_into_registry(tag)
    process = azure.start("rollout", "detectors", "--image", tag, "--watch", "10m", "--yes")
    try:
        wait_until(lambda: len(azure.serving()) == 2, "the new revision to have its share")
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return process


def _leaves_nothing(azure: WholeAzure) -> None:
    destroyed = azure("destroy", "--confirm", "dev", "--include-stateful")
    assert destroyed["left_over"] == destroyed["left_in_azure"] == []
    assert destroyed["not_looked_at"] == ""
    assert azure.provider.cloud.resources() == []
    assert azure("state", "list")["resources"] == []
    assert azure("simulate", "--count", "1", "--confirm", "dev", expect=6)["code"] == "not_deployed"
    kept = json.dumps([path.read_text() for path in (azure.root / ".anomalyctl" / "dev").glob("*.json")])
    assert "eyJ" not in kept, "no token lies around"
