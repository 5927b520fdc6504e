"""`anomalyctl restore`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from anomalyctl.operations.restoring.model import RestoredCosmos
    from anomalyctl.operations.restoring.opening import Restoring

app = typer.Typer(no_args_is_help=True)


@app.callback()
def restore() -> None:
    """Bring a store back as it was at a second; the present one is kept until that is confirmed."""


@app.command("cosmos")
def cosmos(
    at: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="The second, ISO 8601 or now-2h; not told, a cut off one goes on."),
    ] = None,
    back: Annotated[
        bool, typer.Option("--back", help="Have the services read the account from before again.")
    ] = False,
    finish: Annotated[
        bool, typer.Option("--finish", help="Delete the account that nobody reads any more; TTL is on again.")
    ] = False,
    confirm: Annotated[
        str | None, typer.Option(metavar="NAME", help="The environment's name, instead of typing it.")
    ] = None,
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Restore the Cosmos DB account to a second, and have the services read the restored one.

    A new account is made from the continuous backup (this may take hours; cut off, the same command goes
    on), TTL off in it. Private endpoint, data roles and diagnostics are made as the old one has them, then
    the services are switched and Terraform's state is told. The old account is kept: --back returns to it,
    --finish deletes it. Of a protected environment its name is typed, or given with --confirm.
    """
    from datetime import UTC, datetime

    from anomalyctl.cli.output import show
    from anomalyctl.cli.progress import shown_progress
    from anomalyctl.cli.views.restore import restored_view
    from anomalyctl.errors import InvalidInput
    from anomalyctl.operations.restoring.adopting import adopt_lost
    from anomalyctl.operations.restoring.beginning import require_startable
    from anomalyctl.operations.restoring.opening import Restoring
    from anomalyctl.telemetry.durations import parse_instant

    if sum((at is not None, back, finish)) > 1:
        raise InvalidInput("--at, --back and --finish are three different things.", hint="Name one of them.")
    instant = parse_instant(at, datetime.now(UTC), field="--at") if at is not None else None
    _require_azure(env)
    with shown_progress() as progress:  # one that was begun elsewhere is found before anything is asked
        adopt_lost(Restoring(env, arguments=sys.argv[1:], progress=progress))
    if not (back or finish):
        require_startable(env, Restoring(env).journal().read(), instant)
    _ask(Restoring(env), at=at, back=back, finish=finish, given=confirm, yes=yes)
    with shown_progress() as progress:
        done = _do(back=back, finish=finish, at=instant)(
            Restoring(env, arguments=sys.argv[1:], progress=progress)
        )
    show(done, restored_view, output)


def _require_azure(env: str) -> None:
    """Raise PreconditionFailed for the environment on this machine, and say what helps there."""
    from anomalyctl.environments import environment_named
    from anomalyctl.errors import PreconditionFailed
    from anomalyctl.project import find_project

    if environment_named(find_project(), env).is_local:
        raise PreconditionFailed(
            f"`anomalyctl restore` is for Azure: {env} has no backup that goes back to a second.",
            hint="Judge the last day again: anomalyctl replay --last 24h --write. "
            "More: docs/runbooks/data-corruption.md",
        )


def _ask(
    restoring: Restoring, *, at: str | None, back: bool, finish: bool, given: str | None, yes: bool
) -> None:
    """Raise Declined unless whoever sits there means it."""
    from anomalyctl.cli.prompts import confirm, confirm_name
    from anomalyctl.operations.restoring.environment_restore import end_of_restore
    from anomalyctl.operations.restoring.finishing import left_account, only_in_left

    place = restoring.place()
    name = place.environment.name
    if finish:
        restore = end_of_restore(restoring)
        what = f"Delete {left_account(restore)[0].rpartition('/')[2]} of {name}?"
        if lost := only_in_left(restore):
            what += f" {lost}; that is lost."
        if restore.phase == "known":
            what += " TTL is on again: verdicts older than 90 days go."
        confirm_name(what, name, given=given)
        return
    what = f"Have {name} read the account from before again?" if back else _question(name, at)
    if place.environment.protected or given is not None:
        confirm_name(what, name, given=given)
    else:
        confirm(what, yes=yes)


def _question(name: str, at: str | None) -> str:
    if at is None:
        return f"Go on with the restore of {name}?"
    return (
        f"Restore the Cosmos DB of {name} as it was at {at}, and have the services read that? What was "
        "written since stays in the old account alone."
    )


def _do(*, back: bool, finish: bool, at: datetime | None) -> Callable[[Restoring], RestoredCosmos]:
    from functools import partial

    from anomalyctl.operations.restoring import environment_restore as restoring

    if back:
        return restoring.return_from_restore
    if finish:
        return restoring.finish_restore
    return partial(restoring.restore_cosmos, at=at)
