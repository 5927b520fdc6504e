"""A command's model, written as people or programs read it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from anomalyctl.cli.console import out
from anomalyctl.cli.invocation import OutputFormat

if TYPE_CHECKING:
    from rich.console import RenderableType

Model = TypeVar("Model")


def show(model: Model, view: Callable[[Model], RenderableType], output: OutputFormat) -> None:
    """Write `model` to stdout: `view(model)` for people, one document for programs."""
    if output is OutputFormat.TABLE:
        out().print(view(model))
    elif output is OutputFormat.JSON:
        _write(_json(model, indent=True))
    else:
        import yaml

        _write(yaml.safe_dump(as_plain(model), sort_keys=False, allow_unicode=True).encode())


def show_line(model: Model, view: Callable[[Model], RenderableType], output: OutputFormat) -> None:
    """Write one event of a stream: a line for people, one JSON Lines row (or YAML document) for programs."""
    if output is OutputFormat.TABLE:
        out().print(view(model))
    elif output is OutputFormat.JSON:
        _write(_json(model, indent=False))
    else:
        import yaml

        text = yaml.safe_dump(as_plain(model), sort_keys=False, allow_unicode=True, explicit_start=True)
        _write(text.encode())
    sys.stdout.flush()


def as_plain(model: object) -> Any:
    """Dataclasses, times, enums and paths as dictionaries, lists and strings."""
    import orjson

    return orjson.loads(_json(model, indent=False))


def _json(model: object, *, indent: bool) -> bytes:
    import orjson

    option = orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z
    return orjson.dumps(model, default=_plain, option=option | (orjson.OPT_INDENT_2 if indent else 0))


def _plain(value: object) -> Any:
    from collections.abc import Mapping, Set
    from datetime import timedelta
    from pathlib import Path

    if isinstance(value, Path):
        return str(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _write(document: bytes) -> None:
    sys.stdout.write(document.decode())
