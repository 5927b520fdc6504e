"""The README's command reference, from the commands themselves.

`make docs` writes it; a test fails where it is out of date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from anomalyctl.cli.app import COMMANDS
from anomalyctl.cli.lazy import load

README = Path(__file__).parents[2] / "README.md"
_BLOCK = re.compile(r"(<!-- commands -->\n).*?(<!-- /commands -->)", re.DOTALL)
_EVERYWHERE = {"--env", "--output", "--yes", "--no-input", "--quiet", "--verbose", "--help"}


def reference() -> str:
    """The table of commands, then each command's own arguments and options."""
    rows = ["| command | |", "|---|---|"]
    details = []
    for path, command in leaves():
        summary, _, _ = command.help.strip().partition("\n")
        rows.append(f"| `anomalyctl {path}` | {summary} |")
        details.append(_detail(path, command))
    return "\n".join([*rows, "", "```", *"\n\n".join(details).splitlines(), "```", ""])


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


def current_block(readme: str) -> str:
    """What the README has now."""
    found = _BLOCK.search(readme)
    assert found, "the README has lost its commands markers"
    return found.group(0)


def with_reference(readme: str) -> str:
    """The README with the reference written anew."""
    return _BLOCK.sub(lambda found: found.group(1) + reference() + found.group(2), readme)


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
    README.write_text(with_reference(README.read_text()))
