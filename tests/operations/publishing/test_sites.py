"""The functions' package and the dashboard's build: sent with Entra, waited for, not sent twice."""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.azure.web_apps import PackageRefused
from anomalyctl.errors import (
    AnomalyctlError,
    Locked,
    NotDeployed,
    PartlyDone,
    PreconditionFailed,
    TimedOut,
)
from anomalyctl.operations.publishing import dependencies
from anomalyctl.operations.publishing.dependencies import PYTHON, install_locked
from anomalyctl.operations.publishing.packages import write_zip
from anomalyctl.operations.publishing.publishing import parts_named, publish
from tests.support.azure_stand_in.paper import Trouble
from tests.support.azure_stand_in.publishing import DASHBOARD, FUNCTION_NAMES, FUNCTIONS, SITES_API

PROJECT = Path(__file__).parents[3]


def test_the_package_holds_the_functions_the_wheel_and_the_dependencies(checkout: Any) -> None:
    checkout.commit()
    (part,) = checkout.publish("functions").parts
    assert (part.outcome, part.healthy, part.health) == ("published", True, "running 6 functions")
    ((path, query, names),) = checkout.services.packages
    assert (path, query) == ("/api/zipdeploy", {"isAsync": "true"})
    assert {"host.json", *(f"{name}/function.json" for name in FUNCTION_NAMES)} <= names
    assert ".python_packages/lib/site-packages/anomalyctl/__init__.py" in names
    assert ".python_packages/lib/site-packages/anomalyctl-0.1.0.dist-info/METADATA" in names
    assert ".python_packages/lib/site-packages/numpy/__init__.py" in names
    assert not [name for name in names if "__pycache__" in name or "_bundled" in name]


def test_a_package_that_runs_is_not_sent_again_and_another_is(checkout: Any) -> None:
    checkout.commit()
    checkout.publish("functions")
    assert checkout.services.tag_of(FUNCTIONS)
    assert checkout.publish("functions").parts[0].outcome == "unchanged"
    assert len(checkout.services.packages) == 1
    checkout.write("services/functions/host.json", "{}")
    assert checkout.publish("functions").parts[0].outcome == "published"
    assert len(checkout.services.packages) == 2


def test_other_tags_stay(checkout: Any) -> None:
    checkout.publish("functions")
    tags = checkout.azure.paper.resources[f"{FUNCTIONS}/providers/Microsoft.Resources/tags/default".lower()]
    assert tags["properties"]["tags"]["environment"] == "dev"


def test_what_was_sent_and_did_not_get_well_is_sent_again(checkout: Any) -> None:
    status = checkout.azure.paper.resources[f"{FUNCTIONS}/hostruntime/admin/host/status".lower()]
    status["state"] = "Error"
    status["errors"] = ["No module named numpy"]
    with pytest.raises(AnomalyctlError, match="No module named numpy"):
        checkout.publish("functions")
    assert checkout.services.tag_of(FUNCTIONS) == ""
    status.update(state="Running", errors=[])
    assert checkout.publish("functions").parts[0].outcome == "published"
    assert len(checkout.services.packages) == 2


def test_a_function_that_the_host_does_not_find_is_named(checkout: Any) -> None:
    path = f"{FUNCTIONS}/functions".lower()
    checkout.azure.paper.collections[path] = (SITES_API, [{"name": "func-wells-dev/clean_up"}])
    with pytest.raises(AnomalyctlError, match="lacks fit_model, process_readings"):
        checkout.publish("functions")


def test_a_flex_plan_is_published_to_as_it_wants(checkout: Any) -> None:
    checkout.outputs["functions_plan"] = "flex"
    checkout.publish("functions")
    assert checkout.services.packages[0][:2] == ("/api/publish", {"RemoteBuild": "false"})


def test_an_elastic_plan_takes_its_package_from_storage_and_is_told_to(checkout: Any) -> None:
    container = f"{checkout.services.address}/function-code"
    checkout.outputs.update(functions_plan="elastic", functions_code_container_url=container)
    assert checkout.publish("functions").parts[0].outcome == "published"
    ((path, _, names),) = checkout.services.packages
    assert path == "/function-code/functions.zip"
    assert "host.json" in names
    assert checkout.services.actions == ["restart", "syncfunctiontriggers"]
    settings = (PROJECT / "terraform" / "functions.tf").read_text()
    assert "${local.functions_code_url}/functions.zip" in settings


def test_the_dashboard_is_built_and_sent_with_its_assets(with_dashboard: Any) -> None:
    (part,) = with_dashboard.publish("dashboard").parts
    assert (part.outcome, part.healthy) == ("published", True)
    ((path, query, names),) = with_dashboard.services.packages
    assert path == "/api/publish"
    assert query == {"type": "zip", "async": "true", "clean": "true", "restart": "true"}
    assert {"server.js", ".next/static/app.css", "public/robots.txt"} <= names
    assert with_dashboard.publish("dashboard").parts[0].outcome == "unchanged"
    assert len(with_dashboard.services.packages) == 1
    assert with_dashboard.services.tag_of(DASHBOARD)


def test_the_dashboard_is_waited_for_until_the_new_build_answers(with_dashboard: Any) -> None:
    with_dashboard.publish("dashboard")
    with_dashboard.write("services/dashboard/server.txt", "// two")
    with_dashboard.services.lingering = 3
    with_dashboard.slept.clear()
    assert with_dashboard.publish("dashboard").parts[0].healthy is True
    assert with_dashboard.services.lingering == 0
    assert sum(with_dashboard.slept) >= 15
    assert len(set(with_dashboard.services.dashboards)) == 3


def test_a_dashboard_whose_process_before_goes_on_for_good_is_not_called_well(with_dashboard: Any) -> None:
    with_dashboard.services.lingering = 1_000
    with pytest.raises(TimedOut, match="HTTP 200 of another build"):
        with_dashboard.publish("dashboard")
    assert with_dashboard.services.tag_of(DASHBOARD) == ""


def test_all_parts_are_published_and_noted(with_dashboard: Any) -> None:
    with_dashboard.commit()
    published = with_dashboard.publish()
    assert [part.name for part in published.parts] == ["detectors", "functions", "dashboard"]
    run = with_dashboard.runs()[-1]
    assert (run.command, run.outcome, run.id) == ("publish", "done", published.run)
    assert [event["part"] for event in run.events if event["type"] == "published"] == [
        "detectors",
        "functions",
        "dashboard",
    ]


def test_what_was_published_before_a_failure_is_told_and_stays(checkout: Any) -> None:
    checkout.commit()
    checkout.services.deployment_status = 3
    with pytest.raises(PartlyDone, match="Published: detectors") as partly:
        checkout.publish("detectors", "functions")
    assert partly.value.details["failed"] == "functions"
    checkout.services.deployment_status = 4
    assert [part.outcome for part in checkout.publish("detectors", "functions").parts] == [
        "unchanged",
        "published",
    ]


def test_a_package_that_is_refused_is_told_with_the_sites_words(checkout: Any) -> None:
    checkout.services.deployment_status = 3
    with pytest.raises(PackageRefused, match="Said why"):
        checkout.publish("functions")


def test_another_deployment_is_waited_for(checkout: Any) -> None:
    checkout.services.busy = 3
    assert checkout.publish("functions").parts[0].outcome == "published"
    checkout.services.busy = 1000
    checkout.write("services/functions/host.json", "{}")
    with pytest.raises(Locked, match="Another deployment"):
        checkout.publish("functions")


def test_a_tag_that_may_not_be_written_leaves_the_package_published(checkout: Any) -> None:
    checkout.azure.paper.denied.append(r"PATCH .+/tags/default")
    published = checkout.publish("functions").parts[0]
    assert published.outcome == "published"
    assert any("sent again" in line for line in checkout.told)


def test_a_tag_is_asked_for_again_where_azure_is_busy(checkout: Any) -> None:
    checkout.azure.paper.troubles.append(Trouble(r"PATCH .+/tags/default", 503, "ServerBusy"))
    assert checkout.publish("functions").parts[0].outcome == "published"
    assert checkout.services.tag_of(FUNCTIONS)


def test_two_at_once_are_refused(checkout: Any) -> None:
    from anomalyctl.provisioning.exclusive import alone

    place = checkout.root / ".anomalyctl" / "dev" / "in-use"
    with alone(place, environment="dev", command="apply"), pytest.raises(Locked, match="apply"):
        checkout.publish("functions")


def test_an_interruption_is_noted_and_leaves_no_package_behind(checkout: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("TMPDIR", str(checkout.root.parent))
    monkeypatch.setattr("tempfile.tempdir", None)

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish("dev", ("functions",), environ=checkout.environ, sleep=interrupted)
    assert checkout.runs()[-1].outcome == "interrupted"
    assert not list(checkout.root.parent.glob("anomalyctl-publish-*"))
    assert checkout.services.tag_of(FUNCTIONS) == ""


def test_local_is_not_published_to(checkout: Any) -> None:
    with pytest.raises(PreconditionFailed):
        publish("local", environ=checkout.environ)


def test_an_environment_without_the_app_is_not_deployed(checkout: Any, monkeypatch: Any) -> None:
    del checkout.azure.paper.resources[FUNCTIONS.lower()]
    with pytest.raises(NotDeployed):
        checkout.publish("functions")


def test_an_unknown_part_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(AnomalyctlError) as refused:
        parts_named("detector")
    assert "detectors" in refused.value.hint


def test_the_same_content_makes_the_same_package(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "b").write_text("b")
        (tmp_path / name / "a").write_text("a")
        write_zip(tmp_path / f"{name}.zip", tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_locked_dependencies_are_installed_by_hash_and_by_nothing_else(tmp_path: Path) -> None:
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr(
            "tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = tmp_path / "requirements.lock"
    lock.write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}\n")
    install_locked(lock, tmp_path / "packages", os.environ, tmp_path / "log")
    assert (tmp_path / "packages" / "tiny.py").is_file()
    lock.write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{'0' * 64}\n")
    with pytest.raises(AnomalyctlError, match="could not be installed"):
        install_locked(lock, tmp_path / "others", os.environ, tmp_path / "log")


def test_the_dependencies_are_for_the_python_that_azure_runs() -> None:
    for name, pattern in (
        ("functions.tf", r'python_version = "(.+)"'),
        ("functions-flex.tf", r'runtime_version\s+= "(.+)"'),
    ):
        found = re.search(pattern, (PROJECT / "terraform" / name).read_text())
        assert found is not None
        assert found[1] == PYTHON == dependencies.PYTHON


def test_each_dependency_of_the_functions_is_locked() -> None:
    import tomllib

    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["functions"]]
    names = {re.match(r"[\w-]+", one)[0].lower() for one in wanted}  # type: ignore[index]
    lock = (PROJECT / "services" / "functions" / "requirements.lock").read_text()
    locked = {name.lower() for name in re.findall(r"^([\w.-]+)==", lock, re.MULTILINE)}
    assert names - locked == {"python-terraform"}  # has no wheel, and the functions need no Terraform
