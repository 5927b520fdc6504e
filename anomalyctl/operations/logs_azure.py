"""What the parts of an Azure environment wrote, as Log Analytics keeps it; and the queries that are kept."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from anomalyctl.azure.log_analytics import Table, ask
from anomalyctl.azure.queries import Query, part_queries, query_named
from anomalyctl.errors import NotFound, SignInFailed, Transient
from anomalyctl.operations import azure_reasons as reasons
from anomalyctl.operations.logs_lines import LogLine, parse_line
from anomalyctl.telemetry.times import parse_time

if TYPE_CHECKING:
    from anomalyctl.azure.rest import Rest
    from anomalyctl.operations.azure_connections import AzureConnections

_MOST_LINES: Final = 10_000
_POLL_S: Final = 10.0
_FAILURES: Final = 12
"""Longer than the breaker of the logs rests."""
_LATE: Final = timedelta(hours=1)
"""Lines are searched so far back while following: what arrives now was often written minutes ago."""
_MICROSECOND: Final = timedelta(microseconds=1)
_BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
_LEVELS: Final = {"information": "info", "warn": "warning", "fatal": "critical", "trace": "debug"}
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
    rows: tuple[tuple[Any, ...], ...]
    partial: str


def check(part: str | None, query: str | None) -> None:
    """Raise NotFound for a part or a query that is not known: before anything is asked."""
    if query is not None:
        query_named(query)
    else:
        _chosen(part)


class AzureLogs:
    """The workspace of one environment. `now` is UTC's clock."""

    def __init__(
        self, connections: AzureConnections, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        from anomalyctl.azure.rest import Rest
        from anomalyctl.resilience.policies import LOGS

        cloud = connections.cloud
        self._where = connections.deployed
        self._who = connections.who
        self._workspace = self._where.text("log_analytics_workspace_customer_id")
        self._now = now
        self._rest: Rest = Rest(
            cloud.logs, f"{cloud.logs_audience}/.default", connections.credential, cloud, policy=LOGS
        )

    def close(self) -> None:
        """Close the connections."""
        self._rest.close()

    def run(self, name: str, since: timedelta) -> QueryResult:
        """A kept query over the last `since`. Raises NotFound for no such query, SignInFailed for no role."""
        query = query_named(name)
        end = self._now()
        table = self._ask(query.text, end - since, end, {})
        return QueryResult(
            query.name, query.about, end - since, end, table.columns, table.rows, table.partial
        )

    def last(
        self, part: str | None, *, since: timedelta, errors_only: bool, count: int
    ) -> tuple[LogLine, ...]:
        """The last `count` lines of a part, or of each, in the order of their times."""
        end = self._now()
        found = self._lines(_chosen(part), end - since, end, _BEGINNING, errors_only, count)
        return tuple(line for _, line in found)

    def follow(
        self,
        part: str | None,
        *,
        errors_only: bool,
        pause: Callable[[float], None] = time.sleep,
    ) -> Iterator[LogLine]:
        """Lines as they arrive, without end: each once, though it may be older than one told before.

        A workspace that does not answer is asked again for two minutes; then Transient is raised.
        """
        chosen = _chosen(part)
        arrived = self._now()
        failures = 0
        while True:
            pause(_POLL_S)
            end = self._now()
            try:
                found = self._lines(chosen, end - _LATE, end, arrived, errors_only, _MOST_LINES)
            except Transient:
                failures += 1
                if failures >= _FAILURES:
                    raise
                continue
            failures = 0
            for moment, line in found:
                # The workspace counts in ten millionths of a second, we in millionths.
                arrived = max(arrived, moment + _MICROSECOND)
                yield line

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
        values = {
            "arrived_after": arrived_after,
            "errors_only": errors_only,
            "most_lines": min(count, _MOST_LINES),
        }
        with ThreadPoolExecutor(max_workers=len(chosen)) as pool:
            tables = pool.map(lambda query: self._ask(query.text + _ENDING, begin, end, values), chosen)
            found = [
                (_arrival(record), _line(query.name, record))
                for query, table in zip(chosen, tables, strict=True)
                for record in table.records()
            ]
        return sorted(found, key=lambda pair: pair[1].time or "")

    def _ask(self, text: str, begin: datetime, end: datetime, values: Any) -> Table:
        try:
            return ask(self._rest, self._workspace, text, begin=begin, end=end, values=values)
        except SignInFailed as error:
            if error.code != "not_allowed":
                raise
            raise reasons.no_role(
                "Log Analytics", self._who(), "the role Log Analytics Reader on the workspace", self._where
            ) from error


def _chosen(part: str | None) -> tuple[Query, ...]:
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


def _line(part: str, record: dict[str, Any]) -> LogLine:
    line = parse_line(part, str(record.get("Message") or ""))
    level = str(record.get("Level") or "").lower()
    return replace(
        line,
        time=line.time or str(record.get("TimeGenerated") or "") or None,
        level=line.level or _LEVELS.get(level, level) or None,
        function=line.function or record.get("Function") or None,
        trace=line.trace or record.get("Trace") or None,
    )


def _arrival(record: dict[str, Any]) -> datetime:
    try:
        return parse_time(str(record["Arrived"]))
    except (KeyError, ValueError):
        return _BEGINNING
