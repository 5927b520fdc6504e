"""The list of commands in the README and their reference in docs/commands.md, from the commands themselves.

`make docs` writes both; a test fails where one is out of date.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from anomalyctl.cli.app import COMMANDS
from anomalyctl.cli.lazy import load

README = Path(__file__).parents[2] / "README.md"
REFERENCE = README.parent / "docs" / "commands.md"
_EVERYWHERE = {"--env", "--output", "--yes", "--no-input", "--quiet", "--verbose", "--help"}


def with_commands(readme: str) -> str:
    """The README with its table of commands written anew."""
    rows = [f"| `anomalyctl {path}` | {_summary(command)} |" for path, command in leaves()]
    return _between("commands", readme, "\n".join(["| command | |", "|---|---|", *rows]))


def with_reference(document: str) -> str:
    """docs/commands.md with every command's arguments and options written anew."""
    details = "\n\n".join(_detail(path, command) for path, command in leaves())
    return _between("reference", document, f"```\n{details}\n```")


def leaves() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its full name."""
    for name, entry in COMMANDS.items():
        command = load(name, entry)
        children = getattr(command, "commands", None)
        if children:
            if command.invoke_without_command:
                yield name, command
            yield from ((f"{name} {child}", children[child]) for child in children)
        else:
            yield name, command


def _between(name: str, text: str, content: str) -> str:
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    assert begin in text and end in text, f"the markers {begin.strip()} are lost"
    return text[: text.index(begin) + len(begin)] + content + "\n" + text[text.index(end) :]


def _summary(command: Any) -> str:
    summary: str = command.help.strip().partition("\n")[0]
    return summary


def _detail(path: str, command: Any) -> str:
    context = typer.Context(command, info_name=f"anomalyctl {path}")
    lines = [" ".join(command.get_usage(context).removeprefix("Usage: ").split()).replace("[OPTIONS] ", "")]
    for parameter in command.params:
        names = ", ".join([*parameter.opts, *parameter.secondary_opts])
        if parameter.param_type_name == "argument" or _EVERYWHERE.isdisjoint(parameter.opts):
            metavar = "" if getattr(parameter, "is_flag", False) else parameter.make_metavar(context)
            shown = names if parameter.param_type_name == "option" else ""
            meaning = (parameter.help or "").strip().replace("\\[", "[")
            lines.append(f"  {f'{shown} {metavar}'.strip():34} {meaning}".rstrip())
    return "\n".join(lines)


if __name__ == "__main__":
    README.write_text(with_commands(README.read_text()))
    REFERENCE.write_text(with_reference(REFERENCE.read_text()))
