"""`anomalyctl logs`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import timedelta

    from anomalyctl.operations.azure_connections import AzureConnections
    from anomalyctl.operations.logs_lines import LogLine

_PARTS = ("valkey", "cosmos", "detectors", "functions", "dashboard", "dashboard-build", "supervisor", "job")

_SEARCHED_LINES = 20_000
"""Of each part, where only some of them are wanted."""


def _part_names(incomplete: str) -> list[str]:
    return [name for name in _PARTS if name.startswith(incomplete)]


def _query_names(incomplete: str) -> list[str]:
    from anomalyctl.azure.queries import queries

    return [query.name for query in queries() if query.name.startswith(incomplete)]


def logs(
    part: Annotated[
        str | None,
        typer.Argument(
            help="valkey, cosmos, detectors, functions, dashboard, dashboard-build or supervisor; "
            "on Azure cosmos, detectors, functions, dashboard or job.",
            autocompletion=_part_names,
        ),
    ] = None,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of each part.")] = 50,
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Only the last 30m, 2h, 7d; 1h on Azure.")
    ] = None,
    errors: Annotated[bool, typer.Option("--errors", help="Only errors.")] = False,
    trace: Annotated[
        str | None,
        typer.Option("--trace", metavar="ID", help="One trace: its steps, and the lines that belong to it."),
    ] = None,
    query: Annotated[
        str | None,
        typer.Option(
            "--query",
            metavar="NAME",
            help="The answer to a kept query, on Azure.",
            autocompletion=_query_names,
        ),
    ] = None,
    queries: Annotated[bool, typer.Option("--queries", help="List the kept queries.")] = False,
) -> None:
    """Show what a part wrote, or all of them in the order of time. Also after the environment was stopped.

    Of an Azure environment Log Analytics tells it, minutes late; --query asks one of the kept queries, and
    --trace looks 30 days back unless --since says how far.

    Examples: anomalyctl logs functions --errors;  anomalyctl logs --env prod --query lag --since 24h
    """
    from anomalyctl.environments import environment_named
    from anomalyctl.errors import InvalidInput
    from anomalyctl.project import find_project
    from anomalyctl.telemetry.durations import parse_duration

    if queries:
        _list_queries(output)
        return
    back = parse_duration(since, field="--since") if since is not None else None
    if query is not None and (part is not None or follow or errors):
        raise InvalidInput(
            "--query gives one table; a part, --follow and --errors go with lines.",
            field="--query",
            hint="Leave the others out.",
        )
    if trace is not None and (follow or errors or query is not None):
        raise InvalidInput(
            "--trace shows all of one trace; --follow, --errors and --query choose something else.",
            field="--trace",
            hint="Leave the others out.",
        )
    if not environment_named(find_project(), env).is_local:
        if trace is not None:
            _show_azure_trace(env, output, part, trace, back)
            return
        _show_azure(env, output, part, follow=follow, lines=lines, back=back, errors=errors, query=query)
        return
    if query is not None:
        raise InvalidInput(
            "--query asks Log Analytics, and local has none.",
            field="--query",
            hint="Name an Azure environment, or use: anomalyctl logs --errors",
        )
    if trace is not None:
        _show_trace(env, output, part, trace)
        return
    _show_local(env, output, part, follow=follow, lines=lines, back=back, errors=errors)


def _show_local(
    env: str,
    output: OutputFormat,
    part: str | None,
    *,
    follow: bool,
    lines: int,
    back: timedelta | None,
    errors: bool,
) -> None:
    from anomalyctl.cli.output import show, show_line
    from anomalyctl.cli.views.logs import log_lines_view, log_view
    from anomalyctl.operations.environment import local_folder
    from anomalyctl.operations.logs import chosen_parts, follow_logs, last_log_lines, only

    _, folder = local_folder(env, "logs")
    parts = chosen_parts(folder, part)
    news = follow_logs(folder, parts)  # from here on nothing is missed
    chosen_ones = errors or back is not None
    last = last_log_lines(folder, parts, _SEARCHED_LINES if chosen_ones else lines)
    if chosen_ones:
        last = only(last, back=back, errors=errors, count=lines)
    if not follow:
        show(last, log_lines_view, output)
        return
    for line in last:
        show_line(line, log_view, output)
    for line in news:
        for chosen in only((line,), back=None, errors=errors, count=1):
            show_line(chosen, log_view, output)


def _show_trace(env: str, output: OutputFormat, part: str | None, trace: str) -> None:
    from anomalyctl.cli.output import show
    from anomalyctl.cli.views.logs import log_lines_view
    from anomalyctl.operations.environment import local_folder
    from anomalyctl.operations.logs import chosen_parts, last_log_lines
    from anomalyctl.operations.logs_traces import lines_of_trace

    _, folder = local_folder(env, "logs")
    parts = chosen_parts(folder, part)
    lines = last_log_lines(folder, parts, _SEARCHED_LINES)
    show(lines_of_trace(folder, parts, lines, trace), log_lines_view, output)


def _show_azure(
    env: str,
    output: OutputFormat,
    part: str | None,
    *,
    follow: bool,
    lines: int,
    back: timedelta | None,
    errors: bool,
    query: str | None,
) -> None:
    from contextlib import closing, nullcontext
    from datetime import timedelta

    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import plain_progress, shown_progress
    from anomalyctl.cli.views.logs import log_lines_view, query_view
    from anomalyctl.operations.logs_azure import AzureLogs, check

    since = timedelta(hours=1) if back is None else back
    check(part, query, since=since, count=lines)
    connections = _azure_connections(env)
    # A live line and lines that come one by one would write over each other.
    with (
        nullcontext(plain_progress()) if follow else shown_progress() as progress,
        closing(AzureLogs(connections, progress=progress)) as workspace,
    ):
        progress.step("Asking Log Analytics")
        if query is not None:
            show(workspace.run(query, since), query_view, output)
            return
        last = workspace.last(part, since=since, errors_only=errors, count=lines)
        if not follow:
            show(last, log_lines_view, output)
            return
        _follow(last, workspace.follow(part, errors_only=errors), output)


def _show_azure_trace(
    env: str, output: OutputFormat, part: str | None, trace: str, back: timedelta | None
) -> None:
    from contextlib import closing

    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.views.logs import log_lines_view
    from anomalyctl.operations.logs_azure import AzureLogs, check
    from anomalyctl.operations.logs_azure_traces import BACK, lines_of_azure_trace
    from anomalyctl.operations.logs_traces import checked_trace_id

    since: timedelta = BACK if back is None else back
    check(part, None, since=since, count=0)
    checked_trace_id(trace)
    with shown_progress() as progress, closing(AzureLogs(_azure_connections(env))) as workspace:
        progress.step("Asking Log Analytics")
        found = lines_of_azure_trace(workspace, trace, part=part, back=since, progress=progress)
    show(found, log_lines_view, output)


def _azure_connections(env: str) -> AzureConnections:
    from anomalyctl.cli.reaching import connect
    from anomalyctl.operations.azure_connections import AzureConnections

    connections = connect(env)
    assert isinstance(connections, AzureConnections)  # noqa: S101 - for the type checker
    return connections


def _follow(last: Sequence[LogLine], news: Iterator[LogLine], output: OutputFormat) -> None:
    from anomalyctl.cli.output import show_line
    from anomalyctl.cli.views.logs import log_view

    for line in last:
        show_line(line, log_view, output)
    for line in news:
        show_line(line, log_view, output)


def _list_queries(output: OutputFormat) -> None:
    from anomalyctl.azure.queries import queries
    from anomalyctl.cli.output import show
    from anomalyctl.cli.views.logs import queries_view

    show(queries(), queries_view, output)
