"""Whether who deploys comes through to the end is told before anything is made."""

from __future__ import annotations

from typing import Any

import pytest

from anomalyctl.operations.doctor.deploying import OPERATORS, SECRETS
from tests.support.azure_stand_in.entra import OPERATOR
from tests.support.azure_stand_in.subscription import told

OUTSIDE = (
    'operator_access = "addresses"\noperator_ip_addresses = ["203.0.113.7"]\nnat_gateway_enabled = true\n'
)
OWN_NETWORK = 'existing_virtual_network = { name = "vnet-hub", resource_group_name = "rg-hub" }\n'


def test_a_vault_that_is_closed_to_everybody_fails_and_says_what_to_set(look: Any, project: Any) -> None:
    """As the project comes: private, and nobody named. Terraform would fail there after half an hour."""
    (project.root / "terraform.tfvars").unlink()
    examination = look()
    check = told(examination, SECRETS)
    assert check.outcome == "failed"
    assert not examination.healthy
    for name in ("operator_access", "operator_ip_addresses", "nat_gateway_enabled", "trusted_network_ranges"):
        assert name in check.mend


@pytest.mark.parametrize(
    ("variables", "outcome", "found"),
    [
        (OUTSIDE, "ok", "open to 203.0.113.7"),
        ('deployer_ip_addresses = ["203.0.113.9"]\n', "ok", "open to 203.0.113.9"),
        (
            'trusted_network_ranges = ["10.8.0.0/16"]\n',
            "ok",
            "from within the network alone, such as 10.8.0.0/16",
        ),
        (OWN_NETWORK, "warning", "from within your own network alone, and no range of it is trusted"),
    ],
)
def test_a_way_to_the_vault_is_told(
    look: Any, project: Any, variables: str, outcome: str, found: str
) -> None:
    (project.root / "terraform.tfvars").write_text(variables)
    check = told(look(), SECRETS)
    assert (check.outcome, check.found) == (outcome, found)


def test_where_nobody_is_an_operator_the_own_object_id_is_told(look: Any, project: Any) -> None:
    (project.root / "terraform.tfvars").write_text(OUTSIDE)
    check = told(look(), OPERATORS)
    assert check.outcome == "warning"
    assert OPERATOR in check.mend


def test_operators_from_outside_are_told_that_redis_is_not_open_to_them(look: Any, project: Any) -> None:
    named = f'{OUTSIDE}operator_object_ids = ["{OPERATOR}"]\n'
    (project.root / "terraform.tfvars").write_text(named)
    assert "everything but Redis" in told(look(), OPERATORS).found
    (project.root / "terraform.tfvars").write_text(f"{named}redis_public_network_access_enabled = true\n")
    assert told(look(), OPERATORS).outcome == "ok"
