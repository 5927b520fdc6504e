"""What a plan means, what it hides, and what it is bound to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from anomalyctl.errors import InvalidInput, NotFound, PreconditionFailed, Protected
from anomalyctl.provisioning.plans.changes import Verdict
from anomalyctl.provisioning.plans.gate import check_data_loss, check_protection_flags
from anomalyctl.provisioning.plans.kept import Binding, KeptPlan, PlanShelf, check_binding, digest_of
from anomalyctl.provisioning.plans.reading import read_plan

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def document(*changes, drift=(), **more):
    return {
        "format_version": "1.2",
        "terraform_version": "1.11.4",
        "resource_changes": list(changes),
        **({"resource_drift": list(drift)} if drift else {}),
        **more,
    }


def change(address, actions, before=None, after=None, **more):
    top = {key: more.pop(key) for key in ("action_reason", "previous_address") if key in more}
    return {
        "address": address,
        "mode": "managed",
        "type": address.split(".")[0],
        "change": {"actions": actions, "before": before, "after": after, **more},
        **top,
    }


@pytest.mark.parametrize(
    ("made", "verdict"),
    [
        (change("azurerm_cosmosdb_account.this", ["delete"], {"name": "c"}), Verdict.DATA_LOSS),
        (change("azurerm_managed_redis.this[0]", ["delete", "create"], {}, {}), Verdict.DATA_LOSS),
        (change("azurerm_key_vault.this", ["create", "delete"], {}, {}), Verdict.DATA_LOSS),
        (change("azurerm_service_plan.app", ["delete"], {}), Verdict.REMOVE),
        (change("azurerm_subnet.app", ["delete", "create"], {}, {}), Verdict.REPLACE),
        (change("azurerm_role_assignment.a", ["create"], None, {"principal_id": "p"}), Verdict.IDENTITY),
        (
            change(
                "azurerm_storage_account.this",
                ["update"],
                {"public_network_access_enabled": False},
                {"public_network_access_enabled": True},
            ),
            Verdict.NETWORK,
        ),
        (
            change("azurerm_key_vault.this", ["create"], None, {"public_network_access_enabled": True}),
            Verdict.NETWORK,
        ),
        (
            change("azurerm_container_app.d", ["update"], {"template": [1]}, {"template": [2]}),
            Verdict.RESTART,
        ),
        (change("azurerm_container_app.d", ["update"], {"tags": {}}, {"tags": {"a": "b"}}), Verdict.SAFE),
        (change("azurerm_storage_account.this", ["create"], None, {"name": "s"}), Verdict.SAFE),
    ],
)
def test_each_change_is_judged_by_what_it_means(made, verdict):
    plan = read_plan(document(made))
    assert plan.changes[0].verdict is verdict
    assert list(plan.by_verdict) == [verdict]


def test_the_attribute_that_forces_a_replacement_is_named_with_the_reason():
    made = change(
        "azurerm_cosmosdb_account.this",
        ["delete", "create"],
        {"location": "eastus", "sku": [{"name": "a"}], "id": "x"},
        {"location": "westus", "sku": [{"name": "a"}]},
        after_unknown={"id": True},
        replace_paths=[["location"], ["sku", 0, "name"]],
        action_reason="replace_because_cannot_update",
    )
    found = read_plan(document(made)).changes[0]
    assert found.forced_by == ("location", "sku[0].name")
    assert found.reason == "Azure cannot change it in place"
    assert [(one.path, one.forces_replacement) for one in found.attributes] == [("location", True)]
    assert "30 days" in found.consequence
    assert found.verdicts == (Verdict.DATA_LOSS, Verdict.REPLACE)


def test_secrets_are_hidden_by_mark_by_name_and_wherever_they_are_repeated():
    made = change(
        "azurerm_thing.a",
        ["update"],
        {
            "marked": "s3cr3t",
            "primary_access_key": "abc",
            "note": "was",
            "nested": {"a": "deep-secret", "b": 1},
        },
        {
            "marked": "n3w-s3cr3t",
            "primary_access_key": "d",
            "note": "x n3w-s3cr3t y",
            "nested": {"a": "deep", "b": 2},
        },
        before_sensitive={"marked": True, "nested": {"a": True}},
        after_sensitive={"marked": True, "nested": {"a": True}},
    )
    told = repr(
        read_plan(
            document(
                made,
                variables={"password": {"value": "from-a-variable"}},
                configuration={"root_module": {"variables": {"password": {"sensitive": True}}}},
                output_changes={
                    "leaky": {
                        "actions": ["create"],
                        "after": "it is from-a-variable",
                        "after_sensitive": False,
                    },
                    "hidden": {
                        "actions": ["update"],
                        "before": "b",
                        "after": "zzzz",
                        "after_sensitive": True,
                    },
                },
            )
        )
    )
    for secret in ("s3cr3t", "abc", "deep-secret", "from-a-variable", "zzzz"):
        assert secret not in told
    assert '\'{"a":"(secret)","b":2}\'' in told


def test_drift_is_never_among_the_changes():
    gone = change("azurerm_subnet.app", ["delete"], {"name": "s"})
    plan = read_plan(document(drift=[gone]))
    assert plan.is_empty
    assert plan.changes == ()
    assert [one.address for one in plan.drift] == ["azurerm_subnet.app"]


def test_reads_and_no_ops_are_no_changes_but_moves_and_imports_are():
    plan = read_plan(
        document(
            change("azurerm_a.a", ["no-op"], {}, {}),
            {**change("azurerm_b.b", ["read"], None, {}), "mode": "data"},
            change("azurerm_c.new", ["no-op"], {}, {}, previous_address="azurerm_c.old"),
            change("azurerm_d.d", ["no-op"], {}, {}, importing={"id": "x"}),
        )
    )
    assert plan.counts == {"move": 1, "import": 1}


def test_another_major_format_is_refused():
    with pytest.raises(PreconditionFailed, match=r"format 2\.0"):
        read_plan({"format_version": "2.0"})


def test_losing_data_is_allowed_address_by_address_only():
    plan = read_plan(
        document(
            change("azurerm_cosmosdb_account.this", ["delete"], {}),
            change("azurerm_managed_redis.this", ["delete"], {}),
        )
    )
    with pytest.raises(Protected) as refused:
        check_data_loss(plan, ["azurerm_cosmosdb_account.this"])
    assert refused.value.details["data_loss"] == ["azurerm_managed_redis.this"]
    assert "--allow-data-loss 'azurerm_managed_redis.this'" in refused.value.hint
    check_data_loss(plan, ["azurerm_cosmosdb_account.this", "azurerm_managed_redis.this"])
    with pytest.raises(InvalidInput, match="loses no data"):
        check_data_loss(plan, [*plan.data_loss, "azurerm_subnet.app"])


@pytest.fixture
def kept(tmp_path) -> KeptPlan:
    shelf = PlanShelf(tmp_path / "plans")
    path = shelf.new_path("01PLAN")
    path.write_bytes(b"a plan")
    path.chmod(0o644)  # as Terraform leaves it
    binding = Binding("dev", "dev", "sub", "/root", "digest", "1.11.4", 3, "lineage")
    plan = KeptPlan("01PLAN", "apply", NOW, binding, digest_of(path), (), (), (), path)
    shelf.keep(plan)
    return plan


def test_a_kept_plan_is_for_its_owner_alone_and_comes_back_whole(kept, tmp_path):
    assert {file.stat().st_mode & 0o777 for file in kept.path.parent.iterdir()} == {0o600}
    shelf = PlanShelf(tmp_path / "plans")
    assert shelf.named("01PLAN") == shelf.newest() == shelf.named(str(kept.path)) == kept
    shelf.forget(kept)
    assert list(kept.path.parent.iterdir()) == []
    with pytest.raises(NotFound):
        shelf.named("01PLAN")


def test_a_plan_that_fits_is_accepted(kept):
    check_binding(kept, kept.binding, now=NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"environment": "prod"}, "made for the environment dev, and this is prod"),
        ({"workspace": "default"}, "workspace dev, and this is default"),
        ({"subscription_id": "other"}, "subscription sub, and this is other"),
        ({"root": "/elsewhere"}, "folder"),
        ({"terraform_version": "1.12.0"}, "version of Terraform"),
        ({"variables": "x"}, "the variables have changed"),
        ({"lineage": "x"}, "the state is another one"),
        ({"serial": 4}, "moved on from serial 3 to 4"),
    ],
)
def test_each_mismatch_refuses_a_plan_with_its_reason(kept, changed, reason):
    with pytest.raises(PreconditionFailed, match=reason):
        check_binding(kept, replace(kept.binding, **changed), now=NOW)


def test_an_old_plan_and_a_changed_file_are_refused(kept):
    with pytest.raises(PreconditionFailed, match="16 minutes old, and 15 minutes are allowed"):
        check_binding(kept, kept.binding, now=NOW + timedelta(minutes=16), oldest=timedelta(minutes=15))
    kept.path.write_bytes(b"another plan")
    with pytest.raises(PreconditionFailed, match="its file was changed"):
        check_binding(kept, kept.binding, now=NOW)


def test_a_plan_of_terraforms_own_is_refused_because_nobody_knows_what_it_is_for(tmp_path):
    path = tmp_path / "foreign.tfplan"
    path.write_bytes(b"x")
    with pytest.raises(PreconditionFailed, match="was not made by anomalyctl"):
        PlanShelf(tmp_path).named(str(path))


@pytest.mark.parametrize("actions", [["delete"], ["delete", "create"]])
def test_a_deletion_is_refused_beforehand_while_a_flag_is_on_that_refuses_it(actions):
    on = {"deletion_protection": True, "has_legal_hold": True, "deletion_protection_mode": "Disabled"}
    plan = read_plan(document(change("azurerm_storage_container.a", actions, on, {})))
    assert plan.changes[0].refused_by == ("deletion_protection", "has_legal_hold")
    with pytest.raises(Protected) as refused:
        check_protection_flags(plan, "dev")
    assert "deploy --env dev --target 'azurerm_storage_container.a'" in refused.value.hint
    off = {"deletion_protection": False, "has_legal_hold": None, "deletion_protection_mode": "off"}
    check_protection_flags(
        read_plan(document(change("azurerm_storage_container.a", actions, off, {}))), "dev"
    )


def test_a_flag_hinders_no_change_in_place():
    plan = read_plan(
        document(change("a.b", ["update"], {"deletion_protection": True}, {"deletion_protection": False}))
    )
    check_protection_flags(plan, "dev")
