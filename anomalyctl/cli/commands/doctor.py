"""`anomalyctl doctor`."""

from __future__ import annotations

import typer

from anomalyctl.cli.invocation import OutputFormat
from anomalyctl.cli.options import OutputOption


def doctor(output: OutputOption = OutputFormat.TABLE) -> None:
    """Check what this machine has and say what to mend. Exit 6 where something needed is missing."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.views.doctor import doctor_table
    from anomalyctl.errors import PreconditionFailed
    from anomalyctl.operations.doctor import examine
    from anomalyctl.project import find_project

    examination = examine(find_project())
    show(examination, doctor_table, output)
    if not examination.healthy:
        raise typer.Exit(PreconditionFailed.exit_code)
