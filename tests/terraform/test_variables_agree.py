"""The values of environments/ are those that the module's tests plan; the example names every variable."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from anomalyctl.environments import load_environments
from anomalyctl.project import find_project
from tests.support.hcl_blocks import blocks

PROJECT = Path(__file__).parents[2]
TERRAFORM = PROJECT / "terraform"
ENVIRONMENTS = sorted(file.stem for file in (TERRAFORM / "environments").glob("*.tfvars"))


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_modules_test_plans_the_values_of_the_environment(environment: str) -> None:
    text = (TERRAFORM / "tests" / "environments.tftest.hcl").read_text(encoding="utf-8")
    run = re.search(rf'^run "{environment}_plans" \{{\n(.*?)^\}}', text, re.DOTALL | re.MULTILINE)
    assert run, f"environments.tftest.hcl does not plan {environment}"
    planned = re.search(r"^  variables \{\n(.*?)^  \}", run[1], re.DOTALL | re.MULTILINE)
    assert planned is not None
    values = (TERRAFORM / "environments" / f"{environment}.tfvars").read_text(encoding="utf-8")
    assert _values(planned[1]) == _values(values)


def test_every_environment_of_the_allow_list_has_values_and_is_admitted() -> None:
    listed = {one.name for one in load_environments(find_project()).values() if not one.is_local}
    assert listed == set(ENVIRONMENTS)
    (rule,) = [one for one in blocks(TERRAFORM, "variable") if one.address == "environment"]
    admitted = re.search(r"contains\(\[(.*?)\], var\.environment\)", rule.text)
    assert admitted is not None
    assert set(re.findall(r'"(\w+)"', admitted[1])) == listed


def test_the_environments_are_sized_apart() -> None:
    sizes = [
        tuple(
            _values((TERRAFORM / "environments" / f"{name}.tfvars").read_text(encoding="utf-8")).get(setting)
            for setting in ("managed_redis_sku_name", "app_service_sku_size", "container_apps_max_replicas")
        )
        for name in ENVIRONMENTS
    ]
    assert len(set(sizes)) == len(sizes)


def test_the_example_names_every_variable_with_its_default() -> None:
    text = (PROJECT / "terraform.tfvars.example").read_text(encoding="utf-8")
    shown = dict(re.findall(r"^# (\w+) = (.+)$", text, re.MULTILINE))
    examples = dict(re.findall(r"^# e\.g\. (\w+) = (.+)$", text, re.MULTILINE))
    known = {one.address: one for one in blocks(TERRAFORM, "variable")}
    assert shown.keys() | examples.keys() == known.keys()
    assert not shown.keys() & examples.keys()
    for name, value in shown.items():
        assert _plain(value) == _plain(_default(known[name].text)), name
    for name in examples:
        assert _plain(_default(known[name].text)) in ("null", "[]", "{}"), f"{name} has a default to show"


def _values(text: str) -> dict[str, str]:
    return dict(re.findall(r"^\s*(\w+)\s+=\s+(.+?)\s*$", text, re.MULTILINE))


def _default(body: str) -> str:
    found = re.search(r"^  default\s+= (.*?)(?=^  \w|^$|\Z)", body, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def _plain(value: str) -> str:
    return re.sub(r",(?=[\]}])", "", re.sub(r"\s+", "", value))
