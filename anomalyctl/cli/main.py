"""The entrance: the answers that must be instant, then the boundary around everything else."""

from __future__ import annotations

import sys


def run() -> None:
    """The console script. Never returns normally: it ends the process with the command's exit code."""
    from anomalyctl.cli.streams import ready

    ready()
    arguments = sys.argv[1:]
    if arguments == ["--version"]:
        # Answered before typer is imported: scripts ask this in loops.
        from anomalyctl import __version__

        sys.stdout.write(f"anomalyctl {__version__}\n")
        sys.exit(0)
    from anomalyctl.cli.boundary import run_command

    sys.exit(run_command(arguments))
