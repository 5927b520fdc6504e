"""The map of the product: every command, the module that holds it, and one line about it.

Modules are imported when their command is called, never for `--help`: the Azure SDKs and numpy
would cost half a second.
"""

from __future__ import annotations

from typing import Annotated, Final

import typer

from anomalyctl.cli.lazy import Entry, lazy_group

OPERATE: Final = "Operate the system"
INFRASTRUCTURE: Final = "Infrastructure"
FEED: Final = "Feed the pipeline"
TRIAGE: Final = "Triage"

COMMANDS: Final[dict[str, Entry]] = {
    "deploy": Entry("deploy", "Bring an environment up; run again, it resumes.", OPERATE),
    "publish": Entry("publish", "Send the code to an Azure environment.", OPERATE),
    "rollout": Entry("rollout", "Bring new detectors in by degrees.", OPERATE, group=True),
    "rollback": Entry("rollback", "Take the last rollout back.", OPERATE),
    "status": Entry("status", "Health, address, uptime and backlog of each part.", OPERATE),
    "logs": Entry("logs", "What the parts wrote.", OPERATE),
    "dashboard": Entry("dashboard", "Open the dashboard in a browser.", OPERATE),
    "report": Entry("report", "A day: what was found, trends, what to do.", OPERATE),
    "drill": Entry("drill", "Rehearse a disaster on this machine.", OPERATE),
    "restore": Entry("restore", "Bring a store back as it was at a second.", OPERATE, group=True),
    "destroy": Entry("destroy", "Take an environment down; asks first.", OPERATE),
    "detectors": Entry("detectors", "Try the detector on recordings; choose models.", OPERATE, group=True),
    "doctor": Entry("doctor", "Check what this machine has and say what to mend.", OPERATE),
    "simulate": Entry("simulate", "Send synthetic readings, with faults where wanted.", FEED, group=True),
    "ingest": Entry("ingest", "Send a recording of a real plant.", FEED),
    "replay": Entry("replay", "Run kept windows through the detectors again.", FEED),
    "plan": Entry("plan", "Show what an apply would change, and keep the plan.", INFRASTRUCTURE),
    "apply": Entry("apply", "Apply a kept plan, that one and no other.", INFRASTRUCTURE),
    "drift": Entry("drift", "What changed outside of Terraform.", INFRASTRUCTURE),
    "output": Entry("output", "Names and addresses of what is deployed.", INFRASTRUCTURE),
    "state": Entry(
        "state", "The Terraform state: its resources, lock and copies.", INFRASTRUCTURE, group=True
    ),
    "workspace": Entry("workspace", "One an environment.", INFRASTRUCTURE, group=True),
    "runs": Entry("runs", "What was done, by whom, and how it ended.", INFRASTRUCTURE, group=True),
    "cost": Entry("cost", "What an environment costs a month, estimated.", INFRASTRUCTURE),
    "init": Entry("init", "Prepare an environment for Terraform.", INFRASTRUCTURE),
    "validate": Entry("validate", "Check the configuration by itself.", INFRASTRUCTURE),
    "import": Entry("import_", "Take an existing resource into the state.", INFRASTRUCTURE),
    "anomalies": Entry("anomalies", "What was found, and what is done about it.", TRIAGE, group=True),
    "dead-letters": Entry(
        "dead_letters", "Readings without a verdict: look, retry, purge.", TRIAGE, group=True
    ),
}


def _version(wanted: bool) -> None:
    if wanted:
        from anomalyctl import __version__

        typer.echo(f"anomalyctl {__version__}")
        raise typer.Exit


app = typer.Typer(
    name="anomalyctl",
    cls=lazy_group(COMMANDS),
    help="The whole life of an anomaly-detection system for injection wells: on Azure, or on this machine.",
    epilog="The environment is `local` unless --env says otherwise.",
    no_args_is_help=True,
    # The map is plain text: rendering it with Rich would take as long again as everything else.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Root options."""
