"""How the environment `local` is: each part asked now, and what waits to be judged."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from anomalyctl.local import control
from anomalyctl.local.disk import read_json
from anomalyctl.local.environment import COSMOS, DASHBOARD, DETECTORS, FUNCTIONS, VALKEY, not_running
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.part import Part, parts_from_mapping
from anomalyctl.local.probing import ask, trouble
from anomalyctl.local.state import Health, PartState
from anomalyctl.operations.dashboard.absence import kept_absence
from anomalyctl.operations.status_backlog import Backlogs, read_backlogs
from anomalyctl.operations.status_figures import Figure
from anomalyctl.resilience.policies import LANGUAGE
from anomalyctl.telemetry.times import parse_time

if TYPE_CHECKING:
    from anomalyctl.operations.status_unended import Unended

PartHealth = Health | Literal["not-published", "no-way-in"]
"""The last two are Azure's: something else answers there, or nothing that can be reached from here."""


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One part, now."""

    name: str
    title: str
    health: PartHealth
    address: str
    uptime_s: float | None
    """Seconds since its process was started; None where none runs."""
    restarts: int
    """How often it was started again since the environment came up."""
    backlog: str
    """What waits in it, in words; empty where nothing can."""
    detail: str
    """What is wrong, in one line; empty when nothing is. A healthy host tells which of its functions fail."""
    pid: int | None


@dataclass(frozen=True, slots=True)
class EnvironmentStatus:
    """The environment, now."""

    environment: str
    health: Literal["healthy", "degraded"]
    since: str
    """When the supervisor was started."""
    parts: tuple[PartStatus, ...]
    queued: int | None
    """Readings that nobody has read; None where Redis does not answer."""
    pending: int | None
    """Readings that were read and have no verdict yet."""
    oldest_s: float | None
    """How long the oldest of both has been waiting; None where nothing waits."""
    open_episodes: int | None
    """Anomalies that nobody has resolved; None where Cosmos does not answer."""
    dead_letters: int | None = None
    """Readings that have no verdict for good, until somebody retries or purges them."""
    open_breakers: tuple[str, ...] = ()
    """What the functions leave alone for a while, since it failed: `database`, `ml detector`."""
    figures: tuple[Figure, ...] = ()
    """What the alerts watch, beside their thresholds; none for `local`."""
    unended: tuple[Unended, ...] = ()
    """A rollout or a restore of an Azure environment that is under way, or was cut off."""
    without_dashboard: str = ""
    """Why `local` runs without its dashboard; empty where it has one."""
    serial: int | None = None
    """Of the Terraform state that told the addresses."""
    unchecked: str = ""
    """Why nobody could tell whether that state is still the newest."""

    @property
    def is_healthy(self) -> bool:
        """True when each part is well."""
        return self.health == "healthy"


def read_status(folder: LocalFolder, *, now: datetime | None = None) -> EnvironmentStatus:
    """Ask each part now. Raises NotDeployed when the environment does not run. Changes nothing."""
    now = now or datetime.now(UTC)
    state = control.running_state(folder)
    if state is None:
        raise not_running(folder)
    known = {part.name: part for part in parts_from_mapping(read_json(folder.plan) or {"parts": []})}
    with ThreadPoolExecutor(max_workers=len(state.parts) + 1) as pool:
        answers = list(pool.map(lambda one: _ask(one, known), state.parts))
    well = {one.name for one, (health, _) in zip(state.parts, answers, strict=True) if health == "healthy"}
    backlogs = read_backlogs(folder, well)
    parts = tuple(
        _status(one, health, detail, backlogs, now)
        for one, (health, detail) in zip(state.parts, answers, strict=True)
    )
    return EnvironmentStatus(
        environment="local",
        health="healthy" if len(well) == len(parts) else "degraded",
        since=state.since,
        parts=parts,
        queued=backlogs.queued,
        pending=backlogs.pending,
        oldest_s=backlogs.oldest_s(now),
        open_episodes=backlogs.open_episodes,
        dead_letters=backlogs.dead_letters,
        open_breakers=backlogs.open_breakers,
        without_dashboard="" if any(one.name == DASHBOARD for one in parts) else kept_absence(folder).reason,
    )


def _ask(state: PartState, known: Mapping[str, Part]) -> tuple[Health, str]:
    """The supervisor's word, checked: what it calls well is asked once more."""
    if state.health != "healthy" or state.name not in known:
        return state.health, state.detail
    probe = known[state.name].probe
    found = trouble(probe)
    if found is not None:
        return "unwell", found.text
    return "healthy", _failing_functions(ask(probe)) if state.name == FUNCTIONS else ""


def _failing_functions(report: Mapping[str, Any]) -> str:
    """The host is well, and yet a function of it may fail at each call."""
    failing = [
        f"{one['name']}: {one['trouble']}" for one in report.get("functions", ()) if one.get("trouble")
    ]
    return "; ".join(failing)


def _status(state: PartState, health: Health, detail: str, backlogs: Backlogs, now: datetime) -> PartStatus:
    uptime = (now - parse_time(state.started_at)).total_seconds() if state.started_at else None
    return PartStatus(
        name=state.name,
        title=state.title,
        health=health,
        address=state.address,
        uptime_s=None if uptime is None else round(max(0.0, uptime), 1),
        restarts=state.restarts,
        backlog=backlog_of(state.name, backlogs, now),
        detail=detail_of(state.name, detail, backlogs),
        pid=state.process.pid if state.process else None,
    )


def detail_of(name: str, detail: str, backlogs: Backlogs) -> str:
    """What is wrong with a part, and what it leaves alone."""
    # Only the detectors ask the language model; all else is called by the functions.
    caller = {each: DETECTORS if each == LANGUAGE.name else FUNCTIONS for each in backlogs.open_breakers}
    mine = [each for each, part in caller.items() if part == name]
    if not mine:
        return detail
    left_alone = f"left alone for a while after failures: {', '.join(mine)}"
    return f"{detail}; {left_alone}" if detail else left_alone


def backlog_of(name: str, backlogs: Backlogs, now: datetime) -> str:
    """What waits in a part, in words."""
    if name == VALKEY and backlogs.queued is not None:
        return f"{backlogs.queued:,} queued"
    if name == FUNCTIONS and backlogs.pending is not None:
        oldest = backlogs.oldest_s(now)
        return f"{backlogs.pending:,} being judged" + (f", oldest waits {oldest:,.0f} s" if oldest else "")
    if name == COSMOS and backlogs.open_episodes is not None:
        letters = f", {_counted(backlogs.dead_letters, 'dead letter')}" if backlogs.dead_letters else ""
        return _counted(backlogs.open_episodes, "open episode") + letters
    return ""


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
