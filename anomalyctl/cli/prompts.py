"""Questions to the person at the terminal. With nobody to ask, nothing is assumed: the flag is named."""

from __future__ import annotations

import sys

from anomalyctl.cli.invocation import current
from anomalyctl.errors import Declined, InvalidInput


def confirm(question: str, *, yes: bool, flag: str = "--yes") -> None:
    """Ask `question` unless `yes`. Raises Declined for a no, and where nobody can be asked."""
    if yes:
        return
    if not current.can_ask:
        raise Declined(
            f"{question} There is nobody to ask.", hint=f"Nothing was changed. Pass {flag} to go ahead."
        )
    if _answer(f"{question} [y/N]: ").lower() not in ("y", "yes"):
        raise Declined("Declined. Nothing was changed.")


def ask_text(question: str, *, flag: str) -> str:
    """Ask for a line of text. Raises InvalidInput naming `flag` where no answer can be had."""
    if not current.can_ask:
        raise InvalidInput(f"{flag} is needed: there is nobody to ask.", field=flag, hint=f"Pass {flag}.")
    answer = _answer(f"{question}: ")
    if not answer:
        raise InvalidInput("Nothing was said.", field=flag, hint=f"Say it, or pass {flag}.")
    return answer


def confirm_name(question: str, name: str, *, given: str | None, flag: str = "--confirm") -> None:
    """Have `name` typed, unless it was `given` with the flag. Raises Declined for anything else."""
    if given is not None:
        if given != name:
            raise Declined(f"{flag} {given} does not name {name}.", hint="Nothing was changed.")
        return
    if not current.can_ask:
        raise Declined(
            f"{question} There is nobody to ask.",
            hint=f"Nothing was changed. Pass {flag} {name} to go ahead.",
        )
    if _answer(f"{question} Type its name to go ahead: ") != name:
        raise Declined("That is another name. Nothing was changed.")


def _answer(question: str) -> str:
    """One line; the end of input (Ctrl-D) is an empty answer, Ctrl-C ends the command."""
    sys.stderr.write(question)
    sys.stderr.flush()
    answer = ""
    try:
        answer = sys.stdin.readline()
        return answer.strip()
    finally:
        if not answer.endswith("\n"):  # nobody pressed Enter: what is said next begins a line
            sys.stderr.write("\n")
