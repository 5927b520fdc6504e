"""What the doctor asks Azure for a deployment: names, models, quota."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from anomalyctl.azure.names import global_names
from anomalyctl.operations.doctor import naming
from anomalyctl.operations.doctor.azure import examine_azure
from tests.support.azure_stand_in import subscription as site
from tests.support.azure_stand_in.paper import SUBSCRIPTION_ID, Trouble
from tests.support.azure_stand_in.subscription import put, told
from tests.support.azurerm.mirror import PROJECT

NAMES = global_names("anomaly-detection", "dev", SUBSCRIPTION_ID)


@pytest.mark.parametrize(
    "key", ["storage", "key_vault", "openai", "container_registry", "functions", "cosmos_db"]
)
def test_a_name_that_somebody_else_has_fails(furnished, look, key):
    furnished.paper.taken_names[NAMES[key]] = "AlreadyExists"
    check = told(look(), "names")
    assert (check.outcome, check.found) == ("failed", f"in use by somebody else: {NAMES[key]}")


def test_names_that_are_ours_already_are_no_clash(furnished, look):
    put(furnished.paper, site.DEPLOYED, *({"name": name} for name in NAMES.values()))
    furnished.paper.taken_names |= dict.fromkeys(NAMES.values(), "AlreadyExists")
    assert told(look(), "names").outcome == "ok"


def test_a_deleted_openai_account_blocks_its_name_until_it_is_purged(furnished, look):
    region = f"{site.ROOT}/providers/Microsoft.CognitiveServices/locations/eastus"
    place = f"{region}/resourceGroups/rg-old/deletedAccounts"
    other = {"id": f"{place}/other", "name": "other", "location": "eastus"}
    ours = {"id": f"{place}/{NAMES['openai']}", "name": NAMES["openai"], "location": "eastus"}
    put(furnished.paper, site.ACCOUNTS, other, other, ours)
    furnished.paper.taken_names[NAMES["openai"]] = "SoftDeleted"
    examination = look()
    check = told(examination, "soft-deleted names")
    assert check.outcome == "failed"
    assert (
        f"az cognitiveservices account purge --name {NAMES['openai']} --resource-group rg-old" in check.mend
    )
    assert told(examination, "names").outcome == "ok", "told once"


def test_a_deleted_vault_comes_back_and_that_is_said(furnished, look):
    vault = {"name": NAMES["key_vault"], "properties": {"scheduledPurgeDate": "2027-01-31T10:00:00Z"}}
    put(furnished.paper, site.VAULTS, vault)
    check = told(look(), "soft-deleted names")
    assert check.outcome == "warning"
    assert "kept until 2027-01-31" in check.found


def test_a_model_that_the_region_does_not_offer_fails(furnished, look):
    put(furnished.paper, site.MODELS, site.offered("gpt-4o"))
    check = told(look(), "language model")
    assert (check.outcome, check.found) == ("failed", "gpt-5.4-mini 2026-03-17 is not offered in eastus")


@pytest.mark.parametrize(
    ("more", "outcome", "words"),
    [
        ({"deprecation": {"inference": "2020-01-01T00:00:00Z"}}, "failed", "410"),
        ({"lifecycleStatus": "Deprecated"}, "warning", "only where it was deployed before"),
        ({"skus": [{"name": "Standard"}]}, "failed", "as Standard, not as GlobalStandard"),
    ],
)
def test_a_models_end_and_offers_are_told(furnished, look, more, outcome, words):
    put(furnished.paper, site.MODELS, site.offered("gpt-5.4-mini", "2026-03-17", **more))
    check = told(look(), "language model")
    assert check.outcome == outcome
    assert words in check.found


def test_where_azure_does_not_list_models_the_dated_table_is_used(furnished, look):
    furnished.paper.denied.append(r"GET .+/models")
    assert "table of 2026-11-20" in told(look(), "language model").found


def test_too_little_quota_fails_and_what_is_deployed_needs_none(furnished, look):
    full = site.usage("OpenAI.GlobalStandard.gpt-5.4-mini", 98, 100)
    put(furnished.paper, site.COGNITIVE_USAGES, full)
    check = told(look(), "quota")
    assert check.outcome == "failed"
    assert "2 thousand tokens a minute left, 5 wanted" in check.found
    put(furnished.paper, site.DEPLOYED, {"name": NAMES["openai"]})
    assert told(look(), "quota").outcome == "ok"


def test_the_names_are_those_that_terraform_gives(tmp_path):
    """Terraform itself works out `local.names`, with the subscription put in the provider's place."""
    text = (PROJECT / "terraform" / "main.tf").read_text()
    locals_block = text[text.index("locals {") :].replace(
        "data.azurerm_client_config.current.subscription_id", "var.subscription_id"
    )
    for path in (PROJECT / "terraform").glob("variables*.tf"):
        shutil.copy(path, tmp_path)
    (tmp_path / "names.tf").write_text(locals_block)
    environment = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    for name in ("dev", "stage", "prod", "perf"):
        values = [f"-var=environment={name}", f"-var=subscription_id={SUBSCRIPTION_ID}"]
        ran = subprocess.run(
            ["terraform", "console", *values, "-var=project_name=deep-water-wells"],
            input="jsonencode(local.names)\n",
            cwd=tmp_path,
            env=environment | {"CHECKPOINT_DISABLE": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        given = json.loads(json.loads(ran.stdout))
        ours = global_names("deep-water-wells", name, SUBSCRIPTION_ID)
        assert ours == {key: given[key] for key in ours}


def test_too_few_instances_of_the_app_services_size_fail(furnished, look):
    put(furnished.paper, site.WEB_USAGES, site.usage("B1 VMs", 10, 10), site.usage("P0v3 VMs", 0, 10))
    check = told(look(), "quota")
    assert check.outcome == "failed"
    assert check.found.startswith("App Service B1: 0 instances left, 1 wanted")
    put(furnished.paper, site.WEB_USAGES, site.usage("P0v3 VMs", 0, 10))
    assert told(look(), "quota").outcome == "ok", "a size that Azure does not tell of stops nothing"


def test_a_redis_name_that_has_an_address_or_is_refused_is_taken(furnished, dev, project, monkeypatch):
    """Azure Managed Redis offers no question for its names; Azure Cache for Redis answers 409."""
    monkeypatch.setattr(naming, "_has_address", lambda _site, host: host.endswith(".eastus.redis.azure.net"))
    managed = examined(furnished, dev, project)
    assert told(managed, "names").found == f"in use by somebody else: {NAMES['managed_redis']}"
    furnished.paper.troubles.append(Trouble(r"POST .+/Microsoft.Cache/CheckNameAvailability", 409, "Taken"))
    classic = examined(furnished, dev, project, "redis_flavor=cache_premium")
    assert told(classic, "names").found == f"in use by somebody else: {NAMES['redis_cache']}"


def examined(azure, dev, project, *variables):
    kept = {name: os.environ[name] for name in ("PATH", "HOME")}
    environ = azure.environ(**kept)
    return examine_azure(project, dev, environ=environ, variables=variables, sleep=lambda _: None)
