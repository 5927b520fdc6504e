"""What the common options said, for the code that shows things and asks things."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class OutputFormat(StrEnum):
    """How a result is written to stdout."""

    TABLE = "table"
    JSON = "json"
    YAML = "yaml"


@dataclass
class Invocation:
    """The common options of the command that runs."""

    output: OutputFormat = OutputFormat.TABLE
    quiet: bool = False
    verbose: bool = False
    no_input: bool = False
    root: Path | None = None
    """The Terraform root that --project names."""

    @property
    def can_ask(self) -> bool:
        """True where a person can answer: a terminal on both ends, no --no-input, no CI."""
        return not self.no_input and not os.environ.get("CI") and sys.stdin.isatty() and sys.stderr.isatty()

    def place(self, environment: str) -> str:
        """The options that name where this command works, for a command that is typed next."""
        return (
            f"--project {shlex.quote(str(self.root))} --env {environment}"
            if self.root
            else f"--env {environment}"
        )

    def reset(self) -> None:
        """Back to the defaults: one process may run several commands in tests."""
        self.output, self.quiet, self.verbose, self.no_input = OutputFormat.TABLE, False, False, False
        self.root = None


current = Invocation()


def output_asked_for(arguments: list[str]) -> OutputFormat:
    """The output format, read before parsing, so that a usage error is already in the right form."""
    asked = os.environ.get("ANOMALYCTL_OUTPUT", "")
    for position, argument in enumerate(arguments):
        if argument in ("--output", "-o") and position + 1 < len(arguments):
            asked = arguments[position + 1]
        elif argument.startswith("--output="):
            asked = argument.removeprefix("--output=")
        elif argument.startswith("-o") and len(argument) > 2:
            asked = argument.removeprefix("-o")
    return OutputFormat(asked) if asked in tuple(OutputFormat) else OutputFormat.TABLE
