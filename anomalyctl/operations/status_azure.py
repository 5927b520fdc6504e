"""How an Azure environment is: each part asked from here, what waits, and figures beside their thresholds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from anomalyctl.errors import AnomalyctlError, NotPublished, NoWayIn, Transient
from anomalyctl.operations import azure_reasons as reasons
from anomalyctl.operations.azure_connections import AzureConnections
from anomalyctl.operations.side_by_side import side_by_side
from anomalyctl.operations.status import EnvironmentStatus, PartHealth, PartStatus, backlog_of, detail_of
from anomalyctl.operations.status_backlog import Backlogs, backlog_of_anomalies, backlog_of_readings
from anomalyctl.operations.status_figures import Figure, read_figures, read_query_figures
from anomalyctl.operations.status_unended import Unended, all_unended, unended_here, unended_in_azure

if TYPE_CHECKING:
    import httpx

REDIS, COSMOS, DETECTORS, FUNCTIONS, DASHBOARD = "redis", "cosmos", "detectors", "functions", "dashboard"
_TITLES: Final = {
    REDIS: "Redis",
    COSMOS: "Cosmos DB",
    DETECTORS: "detectors",
    FUNCTIONS: "functions",
    DASHBOARD: "dashboard",
}
_APPS: Final = ("azurerm_linux_function_app.", "azurerm_function_app_flex_consumption.")
_TIMEOUT_S: Final = 10.0
_LOGS_TIMEOUT_S: Final = 20.0
_USED_BY_THREADS: Final = (
    "httpx",
    "azure.cosmos",
    "azure.identity",
    "anomalyctl.azure.cosmos_accounts",
    "anomalyctl.azure.metrics",
    "anomalyctl.azure.rest",
    "anomalyctl.azure.sign_in",
    "anomalyctl.azure.traffic",
    "anomalyctl.azure.vault",
    "anomalyctl.azure.web_apps",
    "anomalyctl.operations.infrastructure.place",
    "anomalyctl.operations.logs_azure",
    "anomalyctl.stores.anomalies",
    "anomalyctl.stores.connections",
    "anomalyctl.stores.cosmos",
    "anomalyctl.stores.cosmos_encoding",
    "anomalyctl.stores.cosmos_errors",
    "anomalyctl.stores.cosmos_transport",
    "anomalyctl.stores.guarded_redis",
    "anomalyctl.stores.readings",
    "anomalyctl.stores.redis_sign_in",
)
"""Imported before: threads that import Azure's packages at once, from several ends, may lock each other."""
_ASKS_WHO: Final = (301, 302, 303, 307, 401)


def read_azure_status(
    connections: AzureConnections, *, figures: bool = True, now: datetime | None = None
) -> EnvironmentStatus:
    """Ask each part now, side by side. Changes nothing; what cannot be told is said with its reason.

    Without `figures` neither the alerts' figures nor what is not ended is asked for.
    """
    now = now or datetime.now(UTC)
    for name in _USED_BY_THREADS:
        import_module(name)
    asked: dict[str, Callable[[], Any]] = {
        REDIS: lambda: backlog_of_readings(connections.readings, now),
        COSMOS: lambda: backlog_of_anomalies(connections.anomalies),
        DETECTORS: connections.require_ready_detectors,
        FUNCTIONS: lambda: _functions(connections),
        DASHBOARD: lambda: _dashboard(connections),
    }
    asks: list[Callable[[], Any]] = [partial(_tried, ask) for ask in asked.values()]
    if figures:
        asks += [partial(beside, connections, now) for beside in (_figures, _query_figures, _unended)]
    answers = side_by_side(_called, asks)
    metrics, measured, unended = answers[len(asked) :] if figures else ((), (), ())
    beside = (*metrics, *measured)
    found = dict(zip(asked, answers, strict=False))
    backlogs = Backlogs(**(found[REDIS][2] or {}), **(found[COSMOS][2] or {}))
    parts = tuple(_part(connections, name, found[name][0], found[name][1], backlogs, now) for name in asked)
    well = all(part.health == "healthy" for part in parts) and all(one.state != "beyond" for one in beside)
    return EnvironmentStatus(
        environment=connections.environment.name,
        health="healthy" if well else "degraded",
        since="",
        parts=parts,
        queued=backlogs.queued,
        pending=backlogs.pending,
        oldest_s=backlogs.oldest_s(now),
        open_episodes=backlogs.open_episodes,
        dead_letters=backlogs.dead_letters,
        open_breakers=backlogs.open_breakers,
        figures=beside,
        unended=unended,
        serial=connections.deployed.serial,
        unchecked=connections.deployed.unchecked,
    )


def _called(ask: Callable[[], Any]) -> Any:
    return ask()


def _tried(ask: Callable[[], Any]) -> tuple[PartHealth, str, Any]:
    """Health, what is wrong, and what was answered."""
    try:
        return "healthy", "", ask()
    except NotPublished as error:
        return "not-published", error.message, None
    except NoWayIn as error:
        return "no-way-in", f"{error.message} {error.hint}", None
    except AnomalyctlError as error:
        return "unwell", f"{error.message} {error.hint}".strip(), None


def _part(
    connections: AzureConnections,
    name: str,
    health: PartHealth,
    detail: str,
    backlogs: Backlogs,
    now: datetime,
) -> PartStatus:
    where = connections.deployed
    address = {
        REDIS: f"{where.optional('redis_host')}:{where.optional('redis_port')}",
        COSMOS: where.optional("cosmos_db_endpoint"),
        DETECTORS: where.optional("detectors_endpoint"),
        FUNCTIONS: _https(where.optional("function_app_hostname")),
        DASHBOARD: where.optional("front_door_url") or where.optional("app_service_url"),
    }[name]
    waiting = {REDIS: "valkey", COSMOS: "cosmos", DETECTORS: "detectors", FUNCTIONS: "functions"}.get(
        name, ""
    )
    return PartStatus(
        name=name,
        title=_TITLES[name],
        health=health,
        address=address.rstrip("/"),
        uptime_s=None,
        restarts=0,
        backlog=backlog_of(waiting, backlogs, now),
        detail=detail_of(waiting, detail, backlogs),
        pid=None,
    )


def _functions(connections: AzureConnections) -> None:
    """The host's state as Resource Manager tells it; without that role, what its page tells from here."""
    app = next((one for address, one in connections.deployed.ids.items() if address.startswith(_APPS)), "")
    try:
        state, functions = _host(connections, app) if app else ("", ())
    except AnomalyctlError:
        state, functions = "", ()
    if not state:
        _functions_page(connections)
    elif not functions:
        raise reasons.not_published("The function app", "it holds no function", connections.deployed)
    elif state != "Running":
        raise Transient(f"The functions' host is not running: {state}")


def _host(connections: AzureConnections, app: str) -> tuple[str, tuple[str, ...]]:
    """The host's state, or what is wrong with it, and the names of its functions."""
    from anomalyctl.azure.rest import Rest
    from anomalyctl.azure.web_apps import SITES_API
    from anomalyctl.resilience.policies import METRICS

    cloud, version = connections.cloud, {"api-version": SITES_API}
    scope = f"{cloud.audience}/.default"
    with Rest(cloud.resource_manager, scope, connections.credential, cloud, policy=METRICS) as rest:
        listed = rest.get(f"{app}/functions", "listing the functions", **version)
        told = rest.get(f"{app}/hostruntime/admin/host/status", "asking the functions' host", **version)
    wrong = "; ".join(map(str, told.get("errors") or ()))
    names = tuple(str(one.get("name", "")) for one in listed.get("value", ()))
    return wrong or str(told.get("state", "")), names


def _functions_page(connections: AzureConnections) -> None:
    address = _https(connections.deployed.text("function_app_hostname"))
    answer = _get(connections, FUNCTIONS, address)
    where = connections.deployed
    if answer.status_code == 403:
        raise reasons.no_way_in("the functions", "their list of addresses does not hold this one", where)
    if answer.status_code == 503:
        raise reasons.not_published("The functions' host", "it answers 503, so no code of ours runs", where)
    if answer.status_code >= 500 or answer.status_code == 404:
        raise Transient(f"The functions' host answers {answer.status_code}.")


def _dashboard(connections: AzureConnections) -> None:
    where = connections.deployed
    address = (where.optional("front_door_url") or where.text("app_service_url")).rstrip("/")
    answer = _get(connections, DASHBOARD, f"{address}/api/health")
    ours = answer.headers.get("content-type", "").startswith("application/json")
    if (answer.status_code == 200 and ours) or answer.status_code in _ASKS_WHO:
        return  # where it asks who we are, it runs
    if answer.status_code == 403:
        raise reasons.no_way_in("the dashboard", "its list of addresses does not hold this one", where)
    if answer.status_code == 503 and ours:
        raise Transient(f"The dashboard is not well: {answer.text[:300]}")
    raise reasons.not_published("The dashboard", f"/api/health answers {answer.status_code}", where)


def _get(connections: AzureConnections, part: str, address: str) -> httpx.Response:
    import httpx

    try:
        return httpx.get(address, timeout=_TIMEOUT_S, verify=connections.verification())
    except httpx.TransportError as error:
        name = f"the {part}"
        where = connections.deployed
        raise reasons.of_network(error, name, where) or reasons.no_way_in(
            name, type(error).__name__, where
        ) from error


def _figures(connections: AzureConnections, now: datetime) -> tuple[Figure, ...]:
    from anomalyctl.azure.rest import Rest
    from anomalyctl.resilience.policies import METRICS

    cloud = connections.cloud
    with Rest(
        cloud.resource_manager,
        f"{cloud.audience}/.default",
        connections.credential,
        cloud,
        policy=METRICS,
    ) as rest:
        return read_figures(rest, connections.deployed.alerts, now)


def _query_figures(connections: AzureConnections, now: datetime) -> tuple[Figure, ...]:
    from anomalyctl.operations.logs_azure import AzureLogs
    from anomalyctl.resilience.policies import LOGS

    rules = connections.deployed.query_alerts
    if not rules:
        return ()
    logs = AzureLogs(connections, policy=replace(LOGS, timeout_s=_LOGS_TIMEOUT_S).interactive())
    try:
        return read_query_figures(lambda text, begin, end: logs.ask(text, begin, end, {}), rules, now)
    finally:
        logs.close()


def _unended(connections: AzureConnections, now: datetime) -> tuple[Unended, ...]:
    from anomalyctl.azure.rest import Rest
    from anomalyctl.operations.infrastructure.place import find_place
    from anomalyctl.resilience.policies import METRICS

    cloud, name = connections.cloud, connections.environment.name
    scope = f"{cloud.audience}/.default"
    here = unended_here(find_place(name, None, connections.environ))
    with Rest(cloud.resource_manager, scope, connections.credential, cloud, policy=METRICS) as rest:
        in_azure = unended_in_azure(
            lambda path, what, version: rest.get(path, what, **{"api-version": version}),
            connections.deployed.ids,
            name,
        )
    return all_unended(here, in_azure)


def _https(hostname: str) -> str:
    return f"https://{hostname}" if hostname else ""
