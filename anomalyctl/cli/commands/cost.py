"""`anomalyctl cost`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import EnvironmentOption, OutputOption
from anomalyctl.cli.terraform_options import RootOption


def cost(
    plan: Annotated[
        str | None, typer.Option(metavar="PLAN", help="A kept plan, id or file: also what it changes.")
    ] = None,
    sources: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Assume so many wells and plants.")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="TIME", help="Assume a reading of each source every … (10s).")
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A table of prices of your own.")
    ] = None,
    env: EnvironmentOption = "local",
    root: RootOption = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Estimate what an environment costs a month, by resource, and what a plan would change.

    From a dated table of list prices: good for comparing, not an invoice. A year's reservation of what can
    be reserved is shown beside it.
    """
    from anomalyctl.cli.output import show
    from anomalyctl.cli.run_progress import shown_run
    from anomalyctl.cli.terraform_options import request_for
    from anomalyctl.cli.views.cost import cost_view
    from anomalyctl.operations.cost.environment_cost import environment_cost
    from anomalyctl.operations.cost.price_table import Change
    from anomalyctl.telemetry.durations import parse_duration

    interval = parse_duration(rate, field="--rate").total_seconds() if rate else None
    with shown_run() as screen:
        found = environment_cost(
            request_for(env, root),
            plan=plan,
            prices_file=prices,
            change=Change(sources, interval),
            watcher=screen,
        )
    show(found, cost_view, output)
