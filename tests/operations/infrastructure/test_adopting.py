"""What a plan's own state tells of Azure, and what the next plan is given for it."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from anomalyctl.environments import Environment
from anomalyctl.operations.infrastructure.adopting import adopt_from_plan, adopt_from_state
from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.infrastructure.published_tag import keep_tag, kept_tag
from anomalyctl.operations.infrastructure.published_variables import published
from anomalyctl.project import Project

OURS = "crwells.azurecr.io/detectors:fedcba9"


def place(root: Path, *, ours: bool = True, kind: str = "azure") -> Place:
    folder = root / "terraform"
    environment = Environment("dev", kind, protected=False, summary="")
    return Place(Project(root, root / ".anomalyctl"), environment, folder, folder, "dev", ours, "")


def resource(kind: str, name: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"mode": "managed", "type": kind, "name": name, "instances": [{"attributes": attributes}]}


def app(image: str) -> dict[str, Any]:
    template = [{"container": [{"name": "detectors", "image": image}]}]
    return resource("azurerm_container_app", "detectors", {"template": template})


def job(image: str) -> dict[str, Any]:
    template = [{"container": [{"name": "batch", "image": image}]}]
    return resource("azurerm_container_app_job", "batch", {"template": template})


def account(name: str) -> dict[str, Any]:
    return resource("azurerm_cosmosdb_account", "this", {"name": name})


def plan(root: Path, *resources: dict[str, Any]) -> Path:
    path = root / "some.tfplan"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tfstate", json.dumps({"version": 4, "serial": 3, "resources": list(resources)}))
    return path


def test_the_image_that_runs_is_named_by_the_next_plan_whoever_published_it(tmp_path: Path):
    here = place(tmp_path)
    keep_tag(here, "0123abc")  # published from here before somebody else did
    assert adopt_from_plan(here, plan(tmp_path, app(OURS)))
    assert kept_tag(here.published_variables) == "fedcba9"
    assert here.published_variables in here.default_variable_files
    assert not adopt_from_plan(here, plan(tmp_path, app(OURS))), "the second plan agrees"


def test_a_placeholder_is_no_image_of_ours(tmp_path: Path):
    here = place(tmp_path)
    assert not adopt_from_plan(here, plan(tmp_path, app("mcr.microsoft.com/k8se/quickstart:latest")))
    assert not here.published_variables.exists()


def test_the_job_keeps_its_image_when_the_detectors_were_rolled_out_to_another(tmp_path: Path):
    here = place(tmp_path)
    keep_tag(here, "0123abc")
    state = (app(OURS), job("crwells.azurecr.io/anomalyctl:0123abc"))
    assert adopt_from_plan(here, plan(tmp_path, *state))
    assert published(here.published_variables) == {
        "detectors_image_tag": "fedcba9",
        "batch_job_image_tag": "0123abc",
    }
    assert not adopt_from_plan(here, plan(tmp_path, *state))
    assert not adopt_from_plan(here, plan(tmp_path, job("someone/else:1"))), "no image of ours"


def test_a_restored_account_is_named_and_one_that_was_made_as_always_is_not(tmp_path: Path):
    here = place(tmp_path)
    assert adopt_from_plan(here, plan(tmp_path, account("cosno-wells-dev-r1a2b")))
    assert published(here.published_variables) == {"cosmosdb_account_name": "cosno-wells-dev-r1a2b"}
    assert adopt_from_plan(here, plan(tmp_path, account("cosno-wells-dev-9f3c")))
    assert published(here.published_variables) == {}


def test_a_state_that_was_pulled_tells_the_same(tmp_path: Path):
    here = place(tmp_path)
    state = json.dumps({"resources": [app(OURS), account("cosno-wells-dev-r1a2b")]}).encode()
    assert adopt_from_state(here, state)
    assert set(published(here.published_variables)) == {"detectors_image_tag", "cosmosdb_account_name"}


@pytest.mark.parametrize("text", [b"", b"no JSON", b"[]", b'{"resources": [{"type": "x"}]}'])
def test_a_state_without_them_changes_nothing(tmp_path: Path, text: bytes):
    assert not adopt_from_state(place(tmp_path), text)


def test_neither_another_root_nor_this_machine_has_such_parts(tmp_path: Path):
    for here in (place(tmp_path, ours=False), place(tmp_path, kind="local")):
        assert not adopt_from_plan(here, plan(tmp_path, app(OURS)))
        assert not here.published_variables.exists()


def test_a_file_that_is_no_plan_is_left_to_whoever_reads_plans(tmp_path: Path):
    (tmp_path / "some.tfplan").write_bytes(b"no archive")
    assert not adopt_from_plan(place(tmp_path), tmp_path / "some.tfplan")
