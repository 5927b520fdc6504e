"""Questions to the person at the terminal. With nobody to ask, nothing is assumed: the flag is named."""

from __future__ import annotations

import typer

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
    if not typer.confirm(question, default=False, err=True):
        raise Declined("Declined. Nothing was changed.")


def ask_text(question: str, *, flag: str) -> str:
    """Ask for a line of text. Raises InvalidInput naming `flag` where no answer can be had."""
    if not current.can_ask:
        raise InvalidInput(f"{flag} is needed: there is nobody to ask.", field=flag, hint=f"Pass {flag}.")
    answer = str(typer.prompt(question, default="", show_default=False, err=True)).strip()
    if not answer:
        raise InvalidInput("Nothing was said.", field=flag, hint=f"Say it, or pass {flag}.")
    return answer
