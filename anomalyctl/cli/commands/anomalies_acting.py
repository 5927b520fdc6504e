"""What the verbs of `anomalyctl anomalies …` share: which anomalies are meant, and doing it to each."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from anomalyctl.cli.commands.anomalies_options import SeverityChoice, StatusChoice
from anomalyctl.cli.invocation import OutputFormat

if TYPE_CHECKING:
    from datetime import datetime

    from anomalyctl.operations.anomalies.listing import Filter
    from anomalyctl.stores.anomalies import AnomalyStore
    from anomalyctl.triage.performing import Outcome


def act(
    action: str,
    selectors: list[str],
    env: str,
    output: OutputFormat,
    one: Callable[[AnomalyStore, str, str], Outcome],
    *,
    dry_run: bool = False,
) -> None:
    """Do it to those that are named, and show a result for each."""
    import os

    from anomalyctl.cli.output import show as show_model
    from anomalyctl.cli.reaching import connect
    from anomalyctl.cli.views.anomalies import action_report
    from anomalyctl.operations.anomalies.acting import act_on, meant
    from anomalyctl.operations.anomalies.listing import row_of
    from anomalyctl.operations.anomalies.selecting import select
    from anomalyctl.triage.finding import current

    connections = connect(env)
    by, now, store = connections.operator(os.environ), utc_now(), connections.anomalies
    ids = select(store, expanded(selectors))
    if dry_run:
        report = meant([row_of(current(store, each), now=now) for each in ids], action, by=by)
    else:
        report = act_on(ids, action, by=by, one=lambda anomaly_id: one(store, anomaly_id, by))
    show_model(report, action_report, output)
    report.raise_for_failures()


def act_on_all(
    action: str,
    chosen: Filter,
    env: str,
    output: OutputFormat,
    one: Callable[[AnomalyStore, str, str], Outcome],
    *,
    dry_run: bool,
    yes: bool,
) -> None:
    """Do it to each open episode that the filter takes; asks first."""
    import os

    from anomalyctl.cli.output import show as show_model
    from anomalyctl.cli.prompts import confirm
    from anomalyctl.cli.reaching import connect
    from anomalyctl.cli.views.anomalies import action_report
    from anomalyctl.operations.anomalies.acting import act_on, meant
    from anomalyctl.operations.anomalies.listing import list_anomalies

    connections = connect(env)
    by, store = connections.operator(os.environ), connections.anomalies
    rows = list_anomalies(store, chosen, now=utc_now())
    if dry_run or not rows:
        show_model(meant(rows, action, by=by), action_report, output)
        return
    count = "1 anomaly" if len(rows) == 1 else f"{len(rows):,} anomalies"
    confirm(f"{action.capitalize()} {count} of {env}?", yes=yes)
    ids = [row.anomaly_id for row in rows]
    report = act_on(ids, action, by=by, one=lambda anomaly_id: one(store, anomaly_id, by))
    show_model(report, action_report, output)
    report.raise_for_failures()


def chosen_by(
    selectors: list[str] | None,
    everything: bool,
    severity: list[SeverityChoice] | None,
    tag: str,
    since: str,
    source: str,
) -> Filter | None:
    """The filter of --all; None where ids are named. Raises InvalidInput for a mixture of both."""
    from anomalyctl.errors import InvalidInput

    filtered = bool(severity or tag or since or source)
    if everything and not selectors:
        return filter_of(StatusChoice.OPEN, severity, tag, since, source, utc_now())
    if everything or filtered:
        raise InvalidInput(
            "Filters go with --all, and ids without both.",
            field="--all",
            hint="Name ids, or say --all with filters where only some are meant.",
        )
    return None


def expanded(selectors: list[str]) -> list[str]:
    """Selectors with `-` replaced by what stands on stdin."""
    from anomalyctl.operations.anomalies.selecting import ids_in

    piped = ids_in(sys.stdin.read()) if "-" in selectors else []
    return [each for selector in selectors for each in (piped if selector == "-" else [selector])]


def filter_of(
    status: StatusChoice,
    severity: list[SeverityChoice] | None,
    tag: str,
    since: str,
    source: str,
    now: datetime,
) -> Filter:
    """The filter that the options describe."""
    from anomalyctl.operations.anomalies.listing import Filter

    return Filter(
        status=status.value,
        severities=tuple(each.value for each in severity or ()),
        tag=tag,
        since=since_of(since, now) if since else None,
        source=source,
    )


def since_of(text: str, now: datetime) -> datetime:
    """An instant, or so long before `now`."""
    from anomalyctl.errors import InvalidInput
    from anomalyctl.telemetry.durations import parse_duration, parse_instant

    try:
        return now - parse_duration(text, field="--since")
    except InvalidInput:
        return parse_instant(text, now, field="--since")


def open_store(env: str) -> AnomalyStore:
    """The anomalies of an environment; opened when a command needs them."""
    from anomalyctl.cli.reaching import connect

    return connect(env).anomalies


def utc_now() -> datetime:
    """The clock of the commands."""
    from datetime import UTC, datetime

    return datetime.now(UTC)
