"""Whether who deploys from here comes through to the end: to the vault's secrets, to where code is published,
and to the data that operators look at.
"""

from __future__ import annotations

from anomalyctl.operations.doctor.checks import Check
from anomalyctl.operations.doctor.site import Site

SECRETS = "way to the vault"  # pragma: allowlist secret
OPERATORS = "operators"


def way_to_vault(site: Site) -> Check:
    """Whether anybody can write the vault's secrets while deploying: its firewall is as the variables say."""
    site.require_concern("azurerm_key_vault_secret")
    values = site.variables()
    named = [*values["deployer_ip_addresses"]]
    if values["operator_access"] == "addresses":
        named += values["operator_ip_addresses"]
    if named:
        return Check(SECRETS, "ok", f"open to {', '.join(dict.fromkeys(named))}")
    ranges = values["trusted_network_ranges"]
    if ranges:
        return Check(SECRETS, "ok", f"from within the network alone, such as {', '.join(ranges)}")
    if values["existing_virtual_network"] is not None:
        return Check(
            SECRETS,
            "warning",
            "from within your own network alone, and no range of it is trusted",
            "Deploy from within it, and name where from in trusted_network_ranges.",
        )
    return Check(
        SECRETS,
        "failed",
        "closed to everybody: its secrets could not be written, nor the code be published",
        "From this machine, in terraform.tfvars: "
        'operator_access = "addresses", operator_ip_addresses = ["<your public IPv4 address>"], '
        "nat_gateway_enabled = true. From within a network that is joined to it: trusted_network_ranges.",
    )


def operators(site: Site) -> Check:
    """Whether anybody may see the data afterwards, and reach Redis from where the other parts are reached."""
    site.require_concern("azurerm_role_assignment")
    site.signed_in()
    values, principal = site.variables(), site.principal()
    ids = values["operator_object_ids"]
    if not ids:
        return Check(
            OPERATORS,
            "warning",
            "nobody gets a role on the data: simulate, anomalies and status will be refused",
            f'Name people or groups: operator_object_ids = ["{principal.object_id}"] is {principal.name}.',
        )
    outside = values["operator_access"] == "addresses" and values["redis_flavor"] == "managed"
    if outside and not values["redis_public_network_access_enabled"]:
        return Check(
            OPERATORS,
            "warning",
            f"{len(ids)} named; from their addresses they reach everything but Redis",
            "Come through the network for readings, or set redis_public_network_access_enabled = true.",
        )
    return Check(OPERATORS, "ok", f"{len(ids)} named")
