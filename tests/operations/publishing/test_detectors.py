"""The detectors' image: built in the registry, named by its commit, run by a new revision."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.azure.container_registry import BuildRefused
from anomalyctl.errors import Locked, MissingTool, PreconditionFailed, TimedOut
from anomalyctl.operations.infrastructure.published_tag import kept_tag
from anomalyctl.operations.infrastructure.published_variables import published
from anomalyctl.operations.publishing.detectors import PORT, PROBES
from anomalyctl.operations.publishing.publishing import publish
from tests.support.azure_stand_in.paper import Trouble
from tests.support.azure_stand_in.publishing import APP, JOB, REGISTRY

TERRAFORM = Path(__file__).parents[3] / "terraform"


def test_the_image_is_built_in_the_registry_and_named_by_its_commit(checkout: Any) -> None:
    commit = checkout.commit()
    (part,) = checkout.publish("detectors").parts
    assert (part.outcome, part.version, part.committed, part.healthy) == ("published", commit, True, True)
    services = checkout.services
    assert [build["imageNames"] for build in services.builds] == [
        [f"detectors:{commit}"],
        [f"anomalyctl:{commit}"],
    ]
    assert {build["dockerFilePath"] for build in services.builds} <= services.uploads[0]
    assert not [name for name in services.uploads[0] if ".git/" in name or ".tf" in name]
    assert services.image() == f"{services.login_server}/detectors:{commit}"
    assert "Step 1/9 : FROM python:3.12-slim" in checkout.told


def test_the_app_gets_what_terraform_gives_an_app_with_an_image(checkout: Any) -> None:
    checkout.commit()
    checkout.publish("detectors")
    app = checkout.services.app()
    traffic = [{"latestRevision": True, "weight": 100}]
    assert app["configuration"]["ingress"] == {"targetPort": PORT, "traffic": traffic}
    (container,) = app["template"]["containers"]
    assert container["probes"] == PROBES
    assert container["env"] == [{"name": "A"}]


def test_probes_and_port_are_those_of_terraform() -> None:
    text = (TERRAFORM / "container-apps.tf").read_text()
    assert f"detectors_port        = {PORT}\n" in text
    names = {
        "interval_seconds": "periodSeconds",
        "timeout": "timeoutSeconds",
        "failure_count_threshold": "failureThreshold",
        "success_count_threshold": "successThreshold",
    }
    for probe in PROBES:
        block = text[text.index(f'dynamic "{probe["type"].lower()}_probe"') :]
        block = block[: block.index("\n      }\n")]
        assert f'["{probe["httpGet"]["path"]}"]' in block
        told = {
            names[key]: int(value) for key, value in re.findall(r"(\w+)\s*= (\d+)", block) if key in names
        }
        assert told == {key: value for key, value in probe.items() if key in names.values()}


def test_the_next_plan_names_the_image(checkout: Any) -> None:
    commit = checkout.commit()
    checkout.publish("detectors")
    assert kept_tag(checkout.root / ".anomalyctl" / "dev" / "published.tfvars.json") == commit


def test_the_job_runs_the_command_line_of_the_same_commit(checkout: Any) -> None:
    commit = checkout.commit()
    checkout.publish("detectors")
    job = checkout.azure.paper.resources[JOB.lower()]["properties"]
    assert job["template"]["containers"][0]["image"].endswith(f"/anomalyctl:{commit}")
    kept = published(checkout.root / ".anomalyctl" / "dev" / "published.tfvars.json")
    assert kept == {"detectors_image_tag": commit, "batch_job_image_tag": commit}


def test_a_job_whose_image_was_never_built_gets_it_though_the_detectors_run_theirs(checkout: Any) -> None:
    commit, services = checkout.commit(), checkout.services
    services.app()["template"]["containers"][0]["image"] = f"{services.login_server}/detectors:{commit}"
    (part,) = checkout.publish("detectors").parts
    assert part.outcome == "unchanged"
    assert [f"anomalyctl:{commit}"] in [build["imageNames"] for build in services.builds]
    job = checkout.azure.paper.resources[JOB.lower()]["properties"]["template"]["containers"][0]
    assert job["image"].endswith(f"/anomalyctl:{commit}")


def test_what_runs_already_is_not_sent_again(checkout: Any) -> None:
    checkout.commit()
    checkout.publish("detectors")
    writes = checkout.azure.paper.writes()
    (part,) = checkout.publish("detectors").parts
    assert part.outcome == "unchanged"
    assert len(checkout.services.builds) == 2
    assert checkout.azure.paper.writes() == writes


def test_a_commit_elsewhere_makes_no_new_image(checkout: Any) -> None:
    commit = checkout.commit()
    checkout.publish("detectors")
    checkout.write("docs/page.md", "words")
    assert checkout.commit() != commit
    (part,) = checkout.publish("detectors").parts
    assert (part.outcome, part.version) == ("unchanged", commit)


def test_an_image_that_was_built_and_not_run_is_run(checkout: Any) -> None:
    checkout.commit()
    checkout.azure.paper.troubles.append(Trouble(f"PATCH {APP}", 400, "InvalidRequest"))
    with pytest.raises(Exception, match="told to fail"):
        checkout.publish("detectors")
    (part,) = checkout.publish("detectors").parts
    assert part.outcome == "published"
    assert len(checkout.services.builds) == 2


def test_files_that_are_not_committed_are_named_by_their_content_and_told(checkout: Any) -> None:
    commit = checkout.commit()
    checkout.write("anomalyctl/__init__.py", "changed = True\n")
    (part,) = checkout.publish("detectors").parts
    assert not part.committed
    assert part.version != commit
    assert re.fullmatch(r"[0-9a-f]{40}", part.version)  # what Terraform accepts as a tag
    assert any("Not all files are committed" in line for line in checkout.told)


def test_a_build_that_fails_tells_its_last_words_and_changes_nothing(checkout: Any) -> None:
    checkout.commit()
    checkout.services.build_status = "Failed"
    with pytest.raises(BuildRefused, match="Failed") as failed:
        checkout.publish("detectors")
    assert "Pushed" in failed.value.hint
    assert "quickstart" in checkout.services.image()
    assert checkout.runs()[-1].outcome == "failed"


def test_a_build_that_is_broken_off_is_cancelled(checkout: Any, monkeypatch: Any) -> None:
    checkout.commit()

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        publish("dev", ("detectors",), environ=checkout.environ, sleep=interrupted)
    asked = [path for method, path, _ in checkout.azure.paper.requests if method == "POST"]
    assert {f"{REGISTRY}/runs/cf1/cancel", f"{REGISTRY}/runs/cf2/cancel"} <= set(asked)
    assert checkout.runs()[-1].outcome == "interrupted"
    assert "quickstart" in checkout.services.image()


def test_an_app_that_is_being_changed_is_waited_for(checkout: Any) -> None:
    checkout.commit()
    busy = Trouble(f"PATCH {APP}", 409, "ContainerAppOperationInProgress", times=3)
    checkout.azure.paper.troubles.append(busy)
    assert checkout.publish("detectors").parts[0].outcome == "published"
    busy.times = 1000
    checkout.write("anomalyctl/__init__.py", "more = True\n")
    with pytest.raises(Locked):
        checkout.publish("detectors")


def test_too_many_questions_are_asked_later(checkout: Any) -> None:
    checkout.commit()
    limit = Trouble(f"POST {REGISTRY}/scheduleRun", 429, "TooManyRequests", headers={"Retry-After": "33"})
    checkout.azure.paper.troubles.append(limit)
    assert checkout.publish("detectors").parts[0].outcome == "published"
    assert any(seconds >= 33 for seconds in checkout.slept)


def test_a_health_path_that_is_slow_is_waited_for_and_one_that_never_comes_is_told(checkout: Any) -> None:
    checkout.commit()
    checkout.services.unwell = 3
    assert checkout.publish("detectors").parts[0].healthy
    checkout.services.unwell = 10_000
    with pytest.raises(TimedOut, match="HTTP 503"):
        checkout.publish("detectors")


def test_an_installed_package_without_a_checkout_is_told_as_that(checkout: Any) -> None:
    (checkout.root / "pyproject.toml").unlink()
    with pytest.raises(PreconditionFailed, match="built from a checkout"):
        checkout.publish("detectors")


def test_a_local_build_without_docker_is_told_as_that(checkout: Any, monkeypatch: Any) -> None:
    checkout.commit()
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    with pytest.raises(MissingTool, match="No Docker engine answers"):
        checkout.publish("detectors", local_build=True)


def test_no_permission_in_an_address_is_told_or_kept(checkout: Any) -> None:
    checkout.commit()
    checkout.publish("detectors")
    kept = "".join(path.read_text() for path in (checkout.root / ".anomalyctl").rglob("*") if path.is_file())
    assert "sig=" not in kept + "".join(checkout.told)


def test_images_that_the_registry_built_long_ago_or_was_sent_are_not_built_again(checkout: Any) -> None:
    """It remembers its builds for 30 days; the images stay."""
    commit = checkout.commit()
    checkout.services.pushed |= {f"detectors:{commit}", f"anomalyctl:{commit}"}
    (part,) = checkout.publish("detectors").parts
    assert part.outcome == "published"
    assert checkout.services.builds == []
    assert checkout.services.image().endswith(f"/detectors:{commit}")


def test_a_registry_that_cannot_be_looked_into_builds(checkout: Any) -> None:
    commit = checkout.commit()
    checkout.services.pushed |= {f"detectors:{commit}", f"anomalyctl:{commit}"}
    checkout.services.registry_is_private = True
    checkout.publish("detectors")
    assert len(checkout.services.builds) == 2
