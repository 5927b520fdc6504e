"""`anomalyctl dead-letters …`: readings without a verdict, and what becomes of them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption

if TYPE_CHECKING:
    from datetime import datetime

    from anomalyctl.operations.dead_letters.listing import LetterFilter

app = typer.Typer(help="Readings without a verdict, and what becomes of them.", no_args_is_help=True)


class KindChoice(StrEnum):
    """Why there is no verdict."""

    REFUSED = "refused"
    EARLY = "early"
    UNJUDGED = "unjudged"
    TRIMMED = "trimmed"


SourceOption = Annotated[str, typer.Option("--source", metavar="NAME", help="Only this source.")]
KindOption = Annotated[
    KindChoice | None,
    typer.Option(
        "--kind",
        help="Only: refused (breaks the rules), early (its time lies ahead), unjudged (no detector could), "
        "trimmed (Redis was full).",
    ),
]
FieldOption = Annotated[
    str, typer.Option("--field", metavar="KEY", help="Only where this tag or key is at fault.")
]
SinceOption = Annotated[
    str, typer.Option("--since", metavar="TIME", help="Only what arrived since: 24h, now-24h or ISO 8601.")
]
BeforeOption = Annotated[
    str, typer.Option("--before", metavar="TIME", help="Only what arrived before: 24h (ago), or ISO 8601.")
]
Letters = Annotated[list[str] | None, typer.Argument(metavar="[ID…]", help="Ids of letters.")]
AllOption = Annotated[bool, typer.Option("--all", help="All letters, or all that the filters take.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say which letters are meant.")]
ConfirmOption = Annotated[
    str | None,
    typer.Option("--confirm", metavar="ENV", help="The name of a protected environment, if you mean it."),
]


@app.command("list")
def list_(
    source: SourceOption = "",
    kind: KindOption = None,
    field: FieldOption = "",
    since: SinceOption = "",
    before: BeforeOption = "",
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many, the newest.")] = 1000,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """List dead letters, newest first."""
    from dataclasses import replace

    from anomalyctl.cli.output import show as show_model
    from anomalyctl.cli.reaching import connect
    from anomalyctl.cli.views.dead_letters import letters_table
    from anomalyctl.operations.dead_letters.listing import list_letters

    chosen = replace(_filter(source, kind, field, since, before), limit=limit)
    show_model(list_letters(connect(env).anomalies, chosen), letters_table, output)


@app.command()
def show(
    letter: Annotated[str, typer.Argument(metavar="ID", help="The id of a letter.")],
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show one letter: the whole payload, why it has no verdict, what was tried."""
    from anomalyctl.cli.output import show as show_model
    from anomalyctl.cli.reaching import connect
    from anomalyctl.cli.views.dead_letters import letter_document
    from anomalyctl.operations.dead_letters.listing import show_letter

    show_model(show_letter(connect(env).anomalies, letter), letter_document, output)


@app.command()
def retry(
    letters: Letters = None,
    everything: AllOption = False,
    source: SourceOption = "",
    kind: KindOption = None,
    field: FieldOption = "",
    since: SinceOption = "",
    before: BeforeOption = "",
    dry_run: DryRunOption = False,
    confirm: ConfirmOption = None,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Put letters back into the queue. A letter is gone once its verdict is stored; else it comes back.

    Exit 1 when there is no such letter, 7 when some could not be put back.
    """
    import os

    from anomalyctl.cli.output import show as show_model
    from anomalyctl.cli.reaching import connect
    from anomalyctl.cli.views.dead_letters import letter_report
    from anomalyctl.operations.dead_letters.acting import retry_letters, select_letters

    _check_protection(env, confirm)
    connections = connect(env)
    chosen = _filter(source, kind, field, since, before)
    ids = select_letters(connections.anomalies, letters or [], chosen, everything=everything)
    report = retry_letters(
        connections.readings,
        connections.anomalies,
        ids,
        by=connections.operator(os.environ),
        now=_now(),
        dry_run=dry_run,
    )
    show_model(report, letter_report, output)
    report.raise_for_failures()


@app.command()
def purge(
    letters: Letters = None,
    everything: AllOption = False,
    source: SourceOption = "",
    kind: KindOption = None,
    field: FieldOption = "",
    since: SinceOption = "",
    before: BeforeOption = "",
    dry_run: DryRunOption = False,
    yes: YesOption = False,
    confirm: ConfirmOption = None,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Delete letters for good, payload and history; asks first.

    Exit 1 when there is no such letter, 3 when declined, 7 when some could not be deleted.
    """
    from anomalyctl.cli.output import show as show_model
    from anomalyctl.cli.prompts import confirm as ask
    from anomalyctl.cli.reaching import connect
    from anomalyctl.cli.views.dead_letters import letter_report
    from anomalyctl.operations.dead_letters.acting import purge_letters, select_letters

    _check_protection(env, confirm)
    connections = connect(env)
    chosen = _filter(source, kind, field, since, before)
    ids = select_letters(connections.anomalies, letters or [], chosen, everything=everything)
    if ids and not dry_run:
        what = "1 dead letter" if len(ids) == 1 else f"{len(ids):,} dead letters"
        ask(f"Delete {what} of {env} for good?", yes=yes)
    report = purge_letters(connections.readings, connections.anomalies, ids, dry_run=dry_run)
    show_model(report, letter_report, output)
    report.raise_for_failures()


def _check_protection(env: str, confirm: str | None) -> None:
    from anomalyctl.environments import environment_named
    from anomalyctl.operations.feeding import check_protection
    from anomalyctl.project import find_project

    check_protection(environment_named(find_project(), env), confirm)


def _filter(source: str, kind: KindChoice | None, field: str, since: str, before: str) -> LetterFilter:
    from anomalyctl.operations.dead_letters.listing import LetterFilter

    return LetterFilter(
        source=source,
        kind=kind.value if kind else "",
        field=field,
        since=_instant(since, "--since"),
        before=_instant(before, "--before"),
    )


def _instant(text: str, option: str) -> datetime | None:
    from anomalyctl.errors import InvalidInput
    from anomalyctl.telemetry.durations import parse_duration, parse_instant

    if not text:
        return None
    now = _now()
    try:
        return now - parse_duration(text, field=option)
    except InvalidInput:
        return parse_instant(text, now, field=option)


def _now() -> datetime:
    from datetime import UTC, datetime

    return datetime.now(UTC)
