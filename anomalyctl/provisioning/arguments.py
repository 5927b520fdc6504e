"""Options as Terraform writes them, translated by python-terraform.

The package runs nothing here: its `destroy` fails and its `apply` hangs on Terraform 1.x. It is a neutral
instance, without variables, state or targets, so that it adds nothing of its own.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Final

FLAG: Final = object()
"""The value of an option that has none: `json=FLAG` is `-json`."""


def command_line(command: str, *positional: str, **options: Any) -> list[str]:
    """The arguments after `terraform`: the command's words, options in the order given, then positionals.

    `False` and `True` are written out, None is left out, a list repeats the option. Variables are refused:
    they would stand in the process list, and belong into a file (see `variables`).
    """
    if "var" in options or any(isinstance(value, dict) for value in options.values()):
        raise ValueError("variables never stand in arguments")
    flag = _python_terraform().IsFlagged
    translated = {name: flag if value is FLAG else value for name, value in options.items()}
    words: list[str] = _neutral().generate_cmd_string(command, *positional, **translated)
    return words[1:]


@cache
def _neutral() -> Any:
    # It reads `.terraform/terraform.tfstate` of its folder when it is made: give it one that has none.
    return _python_terraform().Terraform(working_dir=os.devnull, terraform_bin_path="terraform")


@cache
def _python_terraform() -> Any:
    import python_terraform

    return python_terraform
