"""The options that mean the same everywhere, each named once."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from anomalyctl.cli.invocation import OutputFormat, current


def _given(context: typer.Context, parameter: typer.CallbackParam) -> bool:
    """Whether somebody said it: the default of a command says nothing about the group before it."""
    source = context.get_parameter_source(parameter.name or "")
    return source is not None and source.name not in ("DEFAULT", "DEFAULT_MAP")


def _remember_output(
    context: typer.Context, parameter: typer.CallbackParam, value: OutputFormat
) -> OutputFormat:
    if _given(context, parameter):
        current.output = value
    return value


def _remember_quiet(value: bool) -> bool:
    current.quiet = current.quiet or value
    return value


def _remember_verbose(value: bool) -> bool:
    current.verbose = current.verbose or value
    return value


def _remember_no_input(value: bool) -> bool:
    current.no_input = current.no_input or value
    return value


def _known_environment(context: typer.Context, value: str) -> str:
    """Refuse a name that is not in the allow-list, whatever the command."""
    from anomalyctl.environments import environment_named
    from anomalyctl.project import find_project

    if context.resilient_parsing or current.root is not None:  # a root that is not ours has no allow-list
        return value
    return environment_named(find_project(), value).name


def _environment_names(incomplete: str) -> list[str]:
    """Completion of --env, from the allow-list."""
    from anomalyctl.environments import load_environments
    from anomalyctl.errors import AnomalyctlError
    from anomalyctl.project import find_project

    try:
        names = load_environments(find_project())
    except AnomalyctlError:
        return []
    return [name for name in names if name.startswith(incomplete)]


_COMMON = "Options of every command"

EnvironmentOption = Annotated[
    str,
    typer.Option(
        "--env",
        "-e",
        envvar="ANOMALYCTL_ENV",
        metavar="NAME",
        help="The environment.",
        autocompletion=_environment_names,
        callback=_known_environment,
        rich_help_panel=_COMMON,
    ),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Answer yes to the question.")]
OutputOption = Annotated[
    OutputFormat,
    typer.Option(
        "--output",
        "-o",
        envvar="ANOMALYCTL_OUTPUT",
        help="How to write the result.",
        callback=_remember_output,
        rich_help_panel=_COMMON,
    ),
]
NoInputOption = Annotated[
    bool, typer.Option("--no-input", help="Never ask.", callback=_remember_no_input, rich_help_panel=_COMMON)
]
QuietOption = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Only results.", callback=_remember_quiet, rich_help_panel=_COMMON),
]
VerboseOption = Annotated[
    bool,
    typer.Option("--verbose", "-v", help="Say more.", callback=_remember_verbose, rich_help_panel=_COMMON),
]


def add_common_options(command: Any) -> None:
    """Give `command`, and every command below it, the common options that it does not declare itself.

    Their values are kept in `invocation.current`, so a command need not take what it does not use.
    """
    for child in getattr(command, "commands", {}).values():
        add_common_options(child)
    if getattr(command, "commands", None) and not command.invoke_without_command:
        return
    declared = {name for parameter in command.params for name in parameter.opts}
    for parameter in _common_parameters():
        if declared.isdisjoint(parameter.opts):
            parameter.expose_value = False
            command.params.append(parameter)


def _common_parameters() -> list[Any]:
    """Fresh parameter objects, made by typer from a signature."""

    def signature(
        env: EnvironmentOption = "local",
        output: OutputOption = OutputFormat.TABLE,
        yes: YesOption = False,
        no_input: NoInputOption = False,
        quiet: QuietOption = False,
        verbose: VerboseOption = False,
    ) -> None: ...

    application = typer.Typer(add_completion=False)
    application.command()(signature)
    return [parameter for parameter in typer.main.get_command(application).params if parameter.name != "help"]
