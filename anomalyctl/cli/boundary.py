"""The one place where an error becomes an exit code and a sentence. Code below it raises."""

from __future__ import annotations

import errno
import signal
import sys
from types import FrameType
from typing import Final

from anomalyctl.cli.invocation import OutputFormat, current, output_asked_for
from anomalyctl.cli.streams import silence
from anomalyctl.errors import AnomalyctlError, InternalError, InvalidInput, PreconditionFailed

INTERRUPTED = 130
TERMINATED = 143
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_DENIED: Final = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR)


class Terminated(BaseException):
    """SIGTERM: not an Exception, so that no handler for failures swallows it."""


def run_command(arguments: list[str]) -> int:
    """Run the command line and return its exit code. Never raises for a failure of the command."""
    current.reset()
    current.output = output_asked_for(arguments)
    signal.signal(signal.SIGTERM, _raise_terminated)
    # A shell starts background jobs with SIGINT ignored; `kill -INT` must still end them well.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except AnomalyctlError as error:
        return _report(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Terminated:
        return TERMINATED
    except BrokenPipeError:
        silence("stdout")  # the reader has gone (`| head`)
        return 0
    except OSError as error:
        return _report(_of_the_machine(error) or _bug(error))
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug, told as one
        return _report(_bug(error))


def _dispatch(arguments: list[str]) -> int:
    import typer
    from typer.core import TyperGroup

    from anomalyctl.cli.app import app

    command = typer.main.get_command(app)
    assert isinstance(command, TyperGroup)  # noqa: S101 - for the type checker
    try:
        result = command.main(args=arguments, prog_name="anomalyctl", standalone_mode=False)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # its message is the help
            sys.stderr.write(error.format_message() + "\n")
            return InvalidInput.exit_code
        raise InvalidInput(error.format_message().rstrip(), hint=_usage_hint(arguments)) from None
    except typer.Abort:
        raise KeyboardInterrupt from None
    return result if isinstance(result, int) else 0


def _usage_hint(arguments: list[str]) -> str:
    from anomalyctl.cli.app import COMMANDS
    from anomalyctl.cli.lazy import load

    words = [word for word in arguments if not word.startswith("-")]
    known = words[:1] if words and words[0] in COMMANDS else []
    if known and COMMANDS[known[0]].group:
        children = getattr(load(known[0], COMMANDS[known[0]]), "commands", {})
        known += [word for word in words[1:2] if word in children]
    return f"See `{' '.join(['anomalyctl', *known])} --help`."


def _report(error: AnomalyctlError) -> int:
    try:
        _tell(error)
    except OSError:  # nobody reads it, or its disk is full: the exit code tells
        silence("stderr")
    return error.exit_code


def _tell(error: AnomalyctlError) -> None:
    if current.output is OutputFormat.JSON:
        import json

        body: dict[str, object] = {"code": error.code, "message": error.message, "hint": error.hint}
        if error.details:
            body["details"] = error.details
        sys.stderr.write(json.dumps({"error": body}, ensure_ascii=False, default=str) + "\n")
    else:
        from rich.markup import escape

        from anomalyctl.cli.console import talk

        talk().print(f"[bad]Failed:[/bad] {escape(error.message)}", soft_wrap=True)
        for text in error.details.get("original", ()):
            talk().print(f"[hint]{escape(str(text))}[/hint]", soft_wrap=True)
        if error.hint:
            talk().print(f"[hint]Next: {escape(error.hint)}[/hint]", soft_wrap=True)
        if by_hand := error.details.get("by_hand"):
            talk().print("[hint]By hand, where that does not help:[/hint]")
            for command in by_hand:
                talk().print(f"[hint]  {escape(str(command))}[/hint]", soft_wrap=True)
        if error.details.get("link"):
            talk().print(f"[hint]See: {escape(str(error.details['link']))}[/hint]", soft_wrap=True)


def _of_the_machine(error: OSError) -> AnomalyctlError | None:
    """What this machine refused, where that is no fault of ours."""
    if error.errno in _FULL:
        silence("stdout")
        return AnomalyctlError("No space is left on the device.", hint="Make room, and run it again.")
    if error.errno in _DENIED and error.filename:
        return PreconditionFailed(
            f"{error.filename} cannot be used: {error.strerror}.",
            hint="Look at its owner and mode, and at what stands in its place.",
        )
    return None


def _bug(error: Exception) -> InternalError:
    import traceback

    if current.verbose:
        traceback.print_exception(error)
    return InternalError(
        f"A bug of ours: {type(error).__name__}: {error}",
        hint="Run it again with --verbose for the details, and report them.",
    )


def _raise_terminated(signal_number: int, frame: FrameType | None) -> None:
    raise Terminated
