"""Having the services read another account: the vault's secret, a setting, a restart, then health."""

from __future__ import annotations

from typing import Final

from anomalyctl.azure.app_settings import change_settings, read_anew
from anomalyctl.azure.cosmos_accounts import COSMOS_API, read_account
from anomalyctl.azure.vault import read_secret, write_secret
from anomalyctl.azure.web_apps import Site
from anomalyctl.errors import SignInFailed, TimedOut, Transient
from anomalyctl.operations.azure_reasons import no_way_in
from anomalyctl.operations.publishing.dashboard import HEALTH_PATH
from anomalyctl.operations.publishing.target import Target
from anomalyctl.operations.publishing.waiting import wait_for_health

CONNECTION: Final = "COSMOS-DB-CONNECTION-STRING"
CHANGE_FEED: Final = "COSMOS_TRIGGER__accountEndpoint"
_READY_WITHIN_S: Final = 600.0
_POLL_S: Final = 10.0


def endpoint_of(target: Target, account_id: str) -> str:
    """The address of an account, as Terraform writes it."""
    return str(read_account(target.manager, account_id)["properties"]["documentEndpoint"])


def switch_to(target: Target, account_id: str) -> tuple[tuple[str, bool | None, str], ...]:
    """Have functions and dashboard read and write that account; each part, whether it is well, and why not.

    Repeated, it changes nothing that is so already. Raises NoWayIn and SignInFailed where the vault lets
    nobody write from here, TimedOut where a part does not get well.
    """
    endpoint = endpoint_of(target, account_id)
    _write_connection(target, account_id, endpoint)
    functions = target.resource(
        "azurerm_linux_function_app.this[0]", "azurerm_function_app_flex_consumption.this[0]"
    )
    dashboard = target.resource("azurerm_linux_web_app.dashboard")
    target.progress.step("Telling functions and dashboard")
    if not target.where.access_keys:
        change_settings(target.manager, functions, {CHANGE_FEED: endpoint})
    for site in (functions, dashboard):
        read_anew(target.manager, site)
    return (_functions(target, functions), _dashboard(target))


def _write_connection(target: Target, account_id: str, endpoint: str) -> None:
    value = f"AccountEndpoint={endpoint};"
    if target.where.access_keys:
        keys = target.manager.post(f"{account_id}/listKeys", COSMOS_API, {})
        value += f"AccountKey={keys['primaryMasterKey']};"
    vault = target.where.text("key_vault_uri")
    credential, cloud = target.session.credential, target.session.cloud
    try:
        if read_secret(vault, CONNECTION, credential, cloud) != value:
            target.progress.step(f"Writing {CONNECTION} to the vault")
            write_secret(vault, CONNECTION, value, credential, cloud)
    except SignInFailed as error:
        error.hint = (
            "Whoever deploys may: role Key Vault Secrets Officer, from an address in deployer_ip_addresses. "
            "Then run the same command again."
        )
        raise
    except Transient as error:
        raise no_way_in("vault", error.message, target.where) from error


def _functions(target: Target, site_id: str) -> tuple[str, bool | None, str]:
    """The host tells through Resource Manager: nobody may call it over HTTP."""
    target.progress.step("Waiting until the functions run again")
    site = Site(target.manager, site_id, target.signed, target.sleep)
    said = ""
    for _ in range(int(_READY_WITHIN_S / _POLL_S)):
        said = site.host_state()
        if said == "Running":
            return "functions", True, "running"
        target.sleep(_POLL_S)
    raise TimedOut(
        f"The functions do not run again: their host says “{said or 'nothing'}”.",
        hint=f"Look at: anomalyctl logs functions --env {target.where.environment}. "
        f"The account before: anomalyctl restore cosmos --back --env {target.where.environment}",
    )


def _dashboard(target: Target) -> tuple[str, bool | None, str]:
    """It answers 200 once it can read: its new role takes minutes to arrive."""
    address = target.where.optional("front_door_url") or target.where.text("app_service_url")
    healthy, said = wait_for_health(target, "dashboard", f"{address}{HEALTH_PATH}")
    return "dashboard", healthy, said
