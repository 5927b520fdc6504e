"""`anomalyctl plan`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption
from anomalyctl.cli.terraform_options import (
    LockTimeoutOption,
    RootOption,
    TargetOption,
    VarFileOption,
    VarOption,
)


def plan(
    destroy: Annotated[bool, typer.Option("--destroy", help="Plan the destruction of everything.")] = False,
    refresh_only: Annotated[
        bool, typer.Option("--refresh-only", help="Only bring the state up to date with Azure.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 where there are changes.")
    ] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to keep the plan.")] = None,
    markdown: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the review as Markdown, for a pull request.")
    ] = None,
    no_lock: Annotated[
        bool,
        typer.Option("--no-lock", help="Write no lock and no workspace: for who may only read the state."),
    ] = False,
    target: TargetOption = None,
    var: VarOption = None,
    var_file: VarFileOption = None,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    lock_timeout: LockTimeoutOption = "0s",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show what an apply would change and what that means, and keep the plan for `apply`.

    The plan is kept for a day, for you alone, bound to the environment, its workspace and subscription, the
    variables and the state; `apply` refuses it where one of them is another.
    """
    from anomalyctl.cli.files import require_writable, write_whole
    from anomalyctl.cli.output import show
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.plan import review_view
    from anomalyctl.cli.views.plan_markdown import failure_markdown, review_markdown
    from anomalyctl.errors import AnomalyctlError, InvalidInput
    from anomalyctl.operations.infrastructure.planning import PlanOptions, make_review

    if destroy and refresh_only:
        raise InvalidInput("--destroy and --refresh-only exclude each other.", field="--refresh-only")
    if no_lock and lock_timeout != "0s":
        raise InvalidInput("--no-lock waits for no lock.", field="--lock-timeout")
    require_writable(markdown, "--markdown")
    options = PlanOptions(
        kind="destroy" if destroy else "refresh-only" if refresh_only else "apply",
        targets=tuple(target or ()),
        variable_files=tuple(var_file or ()),
        variables=tuple(var or ()),
        out=out,
        lock=not no_lock,
    )
    try:
        with shown_run() as screen:
            review = make_review(request_for(env, root, lock_timeout), options, screen)
    except AnomalyctlError as error:
        if markdown is not None:  # or a pull request would go on showing an earlier review
            write_whole(markdown, failure_markdown(env, error), "--markdown")
        raise
    if markdown is not None:
        write_whole(markdown, review_markdown(review), "--markdown")
    show(review, review_view, output)
    if detailed_exitcode and review.has_changes:
        raise typer.Exit(2)
