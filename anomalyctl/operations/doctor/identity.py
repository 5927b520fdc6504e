"""Who is signed in, to which subscription, and whether that is enough."""

from __future__ import annotations

from datetime import timedelta

from anomalyctl.azure.roles import missing_actions
from anomalyctl.azure.session import require_subscription
from anomalyctl.operations.doctor.checks import Check
from anomalyctl.operations.doctor.site import Site

_LONGEST_CREATION = timedelta(minutes=45)
"""What Azure Managed Redis may take, by the provider's own time-out."""
_PERMISSIONS_API = "2022-04-01"
_WRITES = (
    "Microsoft.Resources/subscriptions/resourceGroups/write",
    "Microsoft.Network/virtualNetworks/write",
    "Microsoft.DocumentDB/databaseAccounts/write",
    "Microsoft.Cache/redisEnterprise/write",
    "Microsoft.Web/sites/write",
    "Microsoft.App/containerApps/write",
    "Microsoft.KeyVault/vaults/write",
)
_ASSIGNS = ("Microsoft.Authorization/roleAssignments/write",)


def sign_in(site: Site) -> Check:
    """Who is signed in, and for how long."""
    principal = site.principal()
    left = principal.expires_at - site.now
    signed_in = site.session.signed_in
    found = f"{principal.name} by {signed_in.way}; the token ends in {_minutes(left)}"
    if left <= timedelta(0):
        return Check(
            "sign-in", "failed", f"{found} (this machine's clock may be wrong)", "Sign in again: az login"
        )
    if not signed_in.renewable and left < _LONGEST_CREATION:
        return Check(
            "sign-in",
            "warning",
            f"{found} and cannot be renewed; creating Redis may take {_minutes(_LONGEST_CREATION)}",
            "Let Terraform renew it: set ARM_OIDC_REQUEST_URL and ARM_OIDC_REQUEST_TOKEN, or "
            "ARM_OIDC_TOKEN_FILE_PATH.",
        )
    return Check("sign-in", "ok", found + (", and is renewed" if signed_in.renewable else ""))


def subscription(site: Site) -> Check:
    """Whether the environment's subscription is there, can be used, and is of our tenant."""
    principal = site.signed_in()
    chosen = site.session.subscription
    name = require_subscription(site.manager, chosen, principal)
    found = f"{name} {chosen.id} (from {chosen.origin})"
    if not site.environment.subscription_id:
        return Check(
            "subscription",
            "warning",
            f"{found}; nothing says that {site.environment.name} belongs there",
            f"Write subscription_id under [environments.{site.environment.name}] in environments.toml.",
        )
    return Check("subscription", "ok", found)


def roles(site: Site) -> Check:
    """Whether the principal may create what is deployed, and assign the roles of its identities."""
    principal = site.signed_in()
    path = f"{site.subscription_path}/providers/Microsoft.Authorization/permissions"
    permissions = site.manager.list(path, _PERMISSIONS_API)
    writes = missing_actions(permissions, _WRITES)
    assigns = missing_actions(permissions, _ASSIGNS)
    if not writes and not assigns:
        return Check("roles", "ok", "may create everything and assign roles")
    roles = ["Contributor"] * bool(writes) + ["Role Based Access Control Administrator"] * bool(assigns)
    commands = "; ".join(
        f"az role assignment create --assignee {principal.object_id} --role '{role}' "
        f"--scope {site.subscription_path}"
        for role in roles
    )
    return Check(
        "roles", "failed", f"may not: {', '.join((*writes, *assigns))}", f"An owner runs: {commands}"
    )


def _minutes(time: timedelta) -> str:
    return f"{max(0, round(time.total_seconds() / 60))} min"
