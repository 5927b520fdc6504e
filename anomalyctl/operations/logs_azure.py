"""What the parts of an Azure environment wrote, as Log Analytics keeps it; and the queries that are kept."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from anomalyctl.azure.log_analytics import Table, Value, ask
from anomalyctl.azure.queries import Query, part_queries, query_named
from anomalyctl.errors import InvalidInput, NotFound, PreconditionFailed, SignInFailed, TimedOut, Transient
from anomalyctl.operations import azure_reasons as reasons
from anomalyctl.operations.logs_azure_following import News
from anomalyctl.operations.logs_azure_lines import BEGINNING, arrival_of, line_of
from anomalyctl.operations.logs_lines import LogLine
from anomalyctl.operations.progress import SILENCE, Progress
from anomalyctl.operations.side_by_side import side_by_side

if TYPE_CHECKING:
    from anomalyctl.azure.rest import Rest
    from anomalyctl.operations.azure_connections import AzureConnections
    from anomalyctl.resilience.policies import Policy

MOST_LINES: Final = 10_000
_POLL_S: Final = 10.0
_FAILURES: Final = 12
"""Longer than the breaker of the logs rests."""
_LATE: Final = timedelta(hours=1)
"""Lines are searched so far back while following: what arrives now was often written minutes ago."""
_AHEAD: Final = timedelta(minutes=5)
"""This machine's clock may be slow."""
_ENDING: Final = """
| where Arrived > arrived_after
| where not(errors_only) or Level in~ ("error", "critical", "fatal")
| order by TimeGenerated desc
| take most_lines"""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What a kept query gave."""

    query: str
    about: str
    begin: datetime
    end: datetime
    columns: tuple[str, ...]
    rows: tuple[tuple[object, ...], ...]
    partial: str
    """Why it is not all of it; empty where it is."""
    missing: str
    """The table that nothing was written to yet; empty where there is one."""


def check(part: str | None, query: str | None, *, since: timedelta, count: int) -> None:
    """Raise NotFound for a part or a query that is not known, InvalidInput for what Log Analytics cannot
    answer: before anything is asked.
    """
    if query is not None:
        query_named(query)
    else:
        chosen_queries(part)
    if since <= timedelta():
        raise InvalidInput(
            "--since must be longer than nothing.", field="--since", hint="Write 30m, 2h or 7d."
        )
    if count > MOST_LINES:
        raise InvalidInput(
            f"--lines is at most {MOST_LINES:,} of each part on Azure.",
            field="--lines",
            hint="Choose a part, --errors, or a shorter --since.",
        )


class AzureLogs:
    """The workspace of one environment. `now` is UTC's clock; `progress` is told what is left out and why."""

    def __init__(
        self,
        connections: AzureConnections,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        progress: Progress = SILENCE,
        policy: Policy | None = None,
    ) -> None:
        from anomalyctl.azure.rest import Rest
        from anomalyctl.resilience.policies import LOGS

        cloud = connections.cloud
        self._where = connections.deployed
        self._who = connections.who
        self._workspace = self._where.text("log_analytics_workspace_customer_id")
        self._now, self._progress = now, progress
        self._news: News | None = None
        self._rest: Rest = Rest(
            cloud.logs,
            f"{cloud.logs_audience}/.default",
            connections.credential,
            cloud,
            policy=policy or LOGS,
        )

    def close(self) -> None:
        """Close the connections."""
        self._rest.close()

    def run(self, name: str, since: timedelta) -> QueryResult:
        """A kept query over the last `since`. Raises NotFound for no such query, SignInFailed for no role."""
        query = query_named(name)
        end = self._now()
        table = self.ask(query.text, end - since, end, {})
        return QueryResult(
            query.name, query.about, end - since, end, table.columns, table.rows, table.partial, table.missing
        )

    def last(
        self, part: str | None, *, since: timedelta, errors_only: bool, count: int
    ) -> tuple[LogLine, ...]:
        """The last `count` lines of a part, or of each, in the order of their times."""
        end = self._now()
        chosen = chosen_queries(part)
        found = self._lines(chosen, end - since, end, BEGINNING, errors_only, count)
        if not found and count:
            self._say_nothing(chosen, since, errors_only)
        self._news = News.after(found, begin=end - since if count else end)
        return tuple(line for _, line in found)

    def follow(
        self,
        part: str | None,
        *,
        errors_only: bool,
        pause: Callable[[float], None] = time.sleep,
    ) -> Iterator[LogLine]:
        """Lines as they arrive after `last`, without end: each once, also one older than those told before.

        A workspace that does not answer is asked again for two minutes; then its error is raised.
        """
        chosen = chosen_queries(part)
        news = self._news or News.after([], begin=self._now())
        failures, answered = 0, self._now()
        while True:
            pause(_POLL_S)
            now = self._now()
            try:
                found = self._lines(
                    chosen, answered - _LATE, now + _AHEAD, news.arrived_after, errors_only, MOST_LINES
                )
            except (Transient, TimedOut) as error:
                failures += 1
                if failures >= _FAILURES:
                    raise
                if failures == 1:
                    self._progress.warn(f"{error.message} Asking again each {_POLL_S:.0f} s.")
                continue
            failures, answered = 0, now
            yield from news.of(found)

    def ask(self, text: str, begin: datetime, end: datetime, values: Mapping[str, Value]) -> Table:
        """One query. Raises SignInFailed for no role, PreconditionFailed for no such workspace."""
        from anomalyctl.azure.failures import AzureRefused

        try:
            return ask(self._rest, self._workspace, text, begin=begin, end=end, values=values)
        except SignInFailed as error:
            if error.code != "not_allowed":
                raise
            raise reasons.no_role(
                "Log Analytics", self._who(), "the role Log Analytics Reader on the workspace", self._where
            ) from error
        except AzureRefused as error:
            if error.status != 404:
                raise
            name, why = self._where.environment, error.azure_code or error.message
            raise PreconditionFailed(
                f"The workspace of {name} is not there: {why}.",
                hint=f"Was it taken away, or is it of another cloud? See: anomalyctl drift --env {name}",
            ) from error

    def _lines(
        self,
        chosen: Sequence[Query],
        begin: datetime,
        end: datetime,
        arrived_after: datetime,
        errors_only: bool,
        count: int,
    ) -> list[tuple[datetime, LogLine]]:
        """Lines by time, each with when it arrived."""
        values: dict[str, Value] = {
            "arrived_after": arrived_after,
            "errors_only": errors_only,
            "most_lines": count,
        }
        tables = side_by_side(lambda query: self.ask(query.text + _ENDING, begin, end, values), chosen)
        found = []
        self._missing: dict[str, str] = {}
        for query, table in zip(chosen, tables, strict=True):
            if table.partial:
                self._progress.warn(f"Not all lines of {query.name}: {table.partial}")
            if table.missing:
                self._missing[query.name] = table.missing
            if len(table.rows) == count == MOST_LINES:
                self._progress.warn(f"More than {count:,} lines of {query.name}: the oldest are left out.")
            found += [(arrival_of(record), line_of(query.name, record)) for record in table.records()]
        return sorted(found, key=lambda pair: pair[1].time or "")

    def _say_nothing(self, chosen: Sequence[Query], since: timedelta, errors_only: bool) -> None:
        """Why there is nothing to see."""
        if len(self._missing) == len(chosen):
            tables = ", ".join(dict.fromkeys(self._missing.values()))
            self._progress.warn(
                f"No lines yet: nothing was ever written to {tables}. Lines arrive some minutes late."
            )
        else:
            hours = since / timedelta(hours=1)
            self._progress.warn(
                f"No {'errors' if errors_only else 'lines'} in the last {hours:g} h (--since)."
            )


def chosen_queries(part: str | None) -> tuple[Query, ...]:
    """The query of a part, or of each. Raises NotFound with the nearest name."""
    known = {query.name: query for query in part_queries()}
    if part is None:
        return tuple(known.values())
    if part not in known:
        near = difflib.get_close_matches(part, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known on Azure: {', '.join(known)}."
        raise NotFound(
            f"There is no part “{part}” with logs on Azure.", hint=hint, details={"known": [*known]}
        )
    return (known[part],)
