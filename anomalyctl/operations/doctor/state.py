"""The Terraform state: whether it can be read and written, and whether somebody holds it."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from anomalyctl.azure.backend import read_backend_file
from anomalyctl.azure.failures import AzureRefused, NotAllowed
from anomalyctl.azure.state_blobs import StateBlobs
from anomalyctl.environments import Environment
from anomalyctl.errors import AnomalyctlError, Unreachable
from anomalyctl.operations.doctor.checks import Check
from anomalyctl.operations.doctor.site import NotLookedAt, Site
from anomalyctl.operations.state_backend.wanted import STORAGE_API
from anomalyctl.resilience.policies import STATE_BLOBS

BACKEND: Final = "state backend"


def bootstrap_command(environment: Environment) -> str:
    """What makes the state's home; the mend of `backend` where there is none or it is not written down."""
    return f"anomalyctl state bootstrap --env {environment.name}"


def backend(site: Site) -> Check:
    """Whether the state's storage account is there and lets us in."""
    principal = site.signed_in()
    account = site.session.account
    bootstrap = bootstrap_command(site.environment)
    where = f"{account.name}/{account.container}"
    kept = read_backend_file(site.project, site.environment)
    if kept and kept.get("storage_account_name") != account.name:
        return Check(
            BACKEND,
            "failed",
            f"the backend's file names {kept.get('storage_account_name')}, the environment {account.name}",
            f"Move it: anomalyctl state migrate --env {site.environment.name}; or name the account under "
            "state.account in environments.toml.",
        )
    try:
        with _blobs(site) as blobs:
            blobs.check_reading()
            blobs.check_writing()
    except NotAllowed as error:
        if error.azure_code == "AuthorizationFailure":
            mend = "Come from an allowed network, or allow this one in the account's firewall."
            return Check(BACKEND, "failed", f"{where} lets nobody in from this network", mend)
        mend = (
            "An owner runs: az role assignment create --role 'Storage Blob Data Contributor' --assignee "
            f"{principal.object_id} --scope {account.container_id}"
        )
        return Check(BACKEND, "failed", f"no role on the blobs of {where}", mend)
    except (AzureRefused, Unreachable) as error:
        if isinstance(error, AzureRefused) and error.status != 404:
            raise
        if isinstance(error, Unreachable) and site.manager.get(account.id, STORAGE_API) is not None:
            raise
        return Check(BACKEND, "failed", f"{where} does not exist yet", bootstrap)
    if kept is None:
        return Check(BACKEND, "warning", f"{where} is there, but not written down here", bootstrap)
    return Check(BACKEND, "ok", f"{where} can be read and written")


def lock(site: Site) -> Check:
    """Whether somebody holds the environment's state."""
    site.signed_in()
    workspace = site.environment.name
    try:
        with _blobs(site) as blobs:
            held = blobs.lock_of(workspace)
    except AnomalyctlError as error:
        raise NotLookedAt("not looked at: no access to the state", hint="See: state backend") from error
    if held is None:
        return Check("state lock", "ok", "nobody holds it")
    unlock = f"anomalyctl state unlock --env {site.environment.name}"
    if not held.id:
        found = "held, and nothing says by whom: Terraform died while it was taking the lock"
        return Check("state lock", "warning", found, f"{unlock} --force")
    since = f" since {held.created.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if held.created else ""
    return Check("state lock", "warning", f"held by {held.who}{since} for {held.operation}", unlock)


def _blobs(site: Site) -> StateBlobs:
    return site.session.state_blobs(STATE_BLOBS.interactive())
