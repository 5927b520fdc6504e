"""`anomalyctl state …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anomalyctl.cli.commands.state_backend import bootstrap, migrate
from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption
from anomalyctl.cli.running import run_and_show
from anomalyctl.cli.terraform_options import LockTimeoutOption, RootOption, request_for

app = typer.Typer(help="The Terraform state of an environment.", no_args_is_help=True)

app.command("bootstrap")(bootstrap)
app.command("migrate")(migrate)

AddressArgument = Annotated[str, typer.Argument(help="The resource's address.")]


@app.command("list")
def list_(
    env: EnvironmentOption = "local", root: RootOption = None, output: OutputOption = OutputFormat.TABLE
) -> None:
    """List the resources in the state."""
    from anomalyctl.cli.views.state import listing_view
    from anomalyctl.operations.infrastructure.states import list_state

    run_and_show(lambda screen: list_state(request_for(env, root), screen), listing_view, output)


@app.command("show")
def show_(
    address: AddressArgument,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show one resource as the state has it; secrets are left out."""
    from anomalyctl.cli.views.state import resource_view
    from anomalyctl.operations.infrastructure.states import show_state

    run_and_show(lambda screen: show_state(request_for(env, root), address, screen), resource_view, output)


@app.command("pull")
def pull(
    file: Annotated[Path, typer.Argument(help="A file that does not exist yet; it will hold secrets.")],
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Write the state to a file for you alone."""
    from anomalyctl.cli.views.state import written_view
    from anomalyctl.operations.infrastructure.states import pull_state

    run_and_show(lambda screen: pull_state(request_for(env, root), file, screen), written_view, output)


@app.command("push")
def push(
    file: Annotated[Path, typer.Argument(help="The state to write.")],
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    lock_timeout: LockTimeoutOption = "0s",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Write a file over the state, after a copy of it; asks first. An older serial is refused."""
    from anomalyctl.cli.questions import asking
    from anomalyctl.cli.views.state import changed_view
    from anomalyctl.operations.infrastructure.states import push_state

    run_and_show(
        lambda screen: push_state(
            request_for(env, root, lock_timeout), file, confirm=asking(screen, yes=yes), watcher=screen
        ),
        changed_view,
        output,
    )


@app.command("mv")
def mv(
    source: AddressArgument,
    target: Annotated[str, typer.Argument(help="Its new address.")],
    env: EnvironmentOption = "local",
    root: RootOption = None,
    lock_timeout: LockTimeoutOption = "0s",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Give a resource another address in the state, after a copy of it."""
    from anomalyctl.cli.views.state import changed_view
    from anomalyctl.operations.infrastructure.states import move_in_state

    run_and_show(
        lambda screen: move_in_state(request_for(env, root, lock_timeout), source, target, screen),
        changed_view,
        output,
    )


@app.command("rm")
def rm(
    addresses: Annotated[list[str], typer.Argument(help="The resources' addresses.")],
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    lock_timeout: LockTimeoutOption = "0s",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Forget resources, which go on existing in Azure; asks first."""
    from anomalyctl.cli.questions import asking
    from anomalyctl.cli.views.state import changed_view
    from anomalyctl.operations.infrastructure.states import remove_from_state

    run_and_show(
        lambda screen: remove_from_state(
            request_for(env, root, lock_timeout),
            tuple(addresses),
            confirm=asking(screen, yes=yes),
            watcher=screen,
        ),
        changed_view,
        output,
    )


@app.command("backup")
def backup(
    list_kept: Annotated[bool, typer.Option("--list", help="List the copies; take none.")] = False,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Keep a copy of the state on this machine. Every change takes one by itself."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.views.state import backup_view, backups_view
    from anomalyctl.operations.infrastructure.states import back_up_state, list_backups

    if list_kept:
        show(list_backups(request_for(env, root)), backups_view, output)
        return
    run_and_show(lambda screen: back_up_state(request_for(env, root), screen), backup_view, output)


@app.command("restore")
def restore(
    name: Annotated[str, typer.Argument(help="The copy's name, or @latest.")],
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    lock_timeout: LockTimeoutOption = "0s",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Bring a copy back as the newest state, after a copy of the present one; asks first."""
    from anomalyctl.cli.questions import asking
    from anomalyctl.cli.views.state import changed_view
    from anomalyctl.operations.infrastructure.states import restore_state

    run_and_show(
        lambda screen: restore_state(
            request_for(env, root, lock_timeout), name, confirm=asking(screen, yes=yes), watcher=screen
        ),
        changed_view,
        output,
    )


@app.command("unlock")
def unlock(
    lock_id: Annotated[str | None, typer.Argument(help="Only the lock of this id.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also a lock that is not known to be stale.")
    ] = False,
    confirm: Annotated[
        str | None, typer.Option(metavar="NAME", help="The environment's name, where --force asks for it.")
    ] = None,
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show who holds the state's lock, and release it where that run is dead; asks first.

    Exit 5 where the run lives or is not known here.
    """
    from anomalyctl.cli.questions import unlocking_question
    from anomalyctl.cli.views.state import unlocking_view
    from anomalyctl.operations.infrastructure.unlocking import unlock_state

    run_and_show(
        lambda screen: unlock_state(
            request_for(env, root),
            confirm=unlocking_question(screen, yes=yes, given=confirm),
            force=force,
            lock_id=lock_id,
            watcher=screen,
        ),
        unlocking_view,
        output,
    )
