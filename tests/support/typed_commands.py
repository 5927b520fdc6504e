"""Command lines of ours in documents and workflows, held against the commands that there are."""

from __future__ import annotations

import shlex
from typing import Any

import typer

from anomalyctl.cli.app import COMMANDS
from anomalyctl.cli.lazy import load


def complaint(line: str) -> str:
    """What is wrong with a typed `anomalyctl …`; empty where it could be typed so."""
    words = shlex.split(line)[1:]
    if not words or words[0] not in COMMANDS:
        return f"there is no command {words[:1]}"
    command: Any = load(words[0], COMMANDS[words[0]])
    words = words[1:]
    children = getattr(command, "commands", None)
    if children and words and words[0] in children:
        command, words = children[words[0]], words[1:]
    elif children and not command.invoke_without_command:
        return f"{words[:1]} is none of {sorted(children)}"
    context = typer.Context(command, info_name="anomalyctl")
    parameters = command.get_params(context)
    known = {name for one in parameters for name in (*one.opts, *one.secondary_opts)}
    unknown = [word for word in words if word.startswith("--") and word not in known]
    return f"it has no {', '.join(unknown)}" if unknown else ""


def usage_error(line: str) -> str:
    """What parsing says of a typed `anomalyctl …` without placeholders: missing arguments, values of a wrong
    kind; empty where it could be run.
    """
    words = shlex.split(line)[1:]
    command: Any = load(words[0], COMMANDS[words[0]])
    words = words[1:]
    children = getattr(command, "commands", None)
    if children and words and words[0] in children:
        command, words = children[words[0]], words[1:]
    try:
        command.make_context(command.name, list(words))
    except typer.TyperException as error:
        return error.format_message()
    return ""
