"""`anomalyctl apply`."""

from __future__ import annotations

from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption, YesOption
from anomalyctl.cli.running import run_and_show
from anomalyctl.cli.terraform_options import AllowDataLossOption, LockTimeoutOption, RootOption, request_for


def apply(
    plan: Annotated[str | None, typer.Argument(help="Id or file of a plan; the newest without.")] = None,
    allow_data_loss: AllowDataLossOption = None,
    yes: YesOption = False,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    lock_timeout: LockTimeoutOption = "0s",
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Apply a plan that was kept by `plan`, that one and no other; asks first.

    Exit 3 declined, 5 locked, 6 the plan is stale, 7 partly done, 9 data would be lost.
    """
    from anomalyctl.cli.questions import approving
    from anomalyctl.cli.views.infrastructure import applied_view
    from anomalyctl.operations.infrastructure.applying import apply_kept

    run_and_show(
        lambda screen: apply_kept(
            request_for(env, root, lock_timeout),
            plan,
            approve=approving(screen, yes=yes),
            allow_data_loss=allow_data_loss or (),
            watcher=screen,
        ),
        applied_view,
        output,
    )
