"""Runs an operation of Terraform's for a command: watched while it works, its result shown at the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.console import RenderableType

    from anomalyctl.cli.invocation import OutputFormat
    from anomalyctl.cli.run_progress import Screen

Result = TypeVar("Result")


def run_and_show(
    operation: Callable[[Screen], Result], view: Callable[[Result], RenderableType], output: OutputFormat
) -> Result:
    """Give the operation a screen, then show its result as `view` draws it, or as JSON or YAML."""
    from anomalyctl.cli.output import show
    from anomalyctl.cli.run_progress import shown_run

    with shown_run() as screen:
        result = operation(screen)
    show(result, view, output)
    return result
