"""What the parts of the environment `local` wrote: the last lines, and what they write from now on."""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from anomalyctl.errors import NotDeployed, NotFound
from anomalyctl.local.environment import DEPLOY
from anomalyctl.local.folder import LocalFolder
from anomalyctl.operations.logs_lines import LogLine, parse_line
from anomalyctl.processes.output import last_lines
from anomalyctl.telemetry.times import format_time

SUPERVISOR = "supervisor"
_POLL_S = 0.2
_MOST_BYTES = 1024 * 1024


def chosen_parts(folder: LocalFolder, part: str | None) -> tuple[str, ...]:
    """The part that was named, or all that have a log.

    Raises NotDeployed where there are no logs at all, NotFound (with the nearest name) for an unknown part.
    """
    known = sorted(path.stem for path in folder.logs.glob("*.log")) if folder.logs.is_dir() else []
    if not known:
        raise NotDeployed("The environment local has no logs: it was never deployed.", hint=f"Run: {DEPLOY}")
    if part is None:
        return tuple(known)
    if part not in known:
        near = difflib.get_close_matches(part, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(known)}."
        raise NotFound(f"There is no part “{part}”.", hint=hint, details={"known": known})
    return (part,)


def last_log_lines(folder: LocalFolder, parts: Sequence[str], count: int) -> tuple[LogLine, ...]:
    """The last `count` lines of each part, in the order of their times."""
    found: list[tuple[str, LogLine]] = []
    for part in parts:
        moment = ""
        for text in _with_rotated(folder.log_of(part), count):
            line = parse_line(part, text)
            moment = line.time or moment  # a traceback belongs to the line before it
            found.append((moment, line))
    return tuple(line for _, line in sorted(found, key=lambda pair: pair[0]))


def only(
    lines: Sequence[LogLine],
    *,
    back: timedelta | None,
    errors: bool,
    count: int,
    now: datetime | None = None,
) -> tuple[LogLine, ...]:
    """The last `count` of each part that are of the last `back`, or are errors.

    A line without a time goes with the one before.
    """
    begin = format_time((now or datetime.now(UTC)) - back) if back is not None else ""
    kept: list[LogLine] = []
    moment = ""
    for line in lines:
        moment = line.time or moment
        if moment >= begin and (not errors or line.level in ("error", "critical")):
            kept.append(line)
    left = dict.fromkeys({line.part for line in kept}, count)
    newest = []
    for line in reversed(kept):
        if left[line.part] > 0:
            left[line.part] -= 1
            newest.append(line)
    return tuple(reversed(newest))


def follow_logs(
    folder: LocalFolder, parts: Sequence[str], *, pause: Callable[[float], None] = time.sleep
) -> Iterator[LogLine]:
    """What the parts write from this call on, without end. A log that is cut meanwhile is read anew."""
    return _follow([_Tail(part, folder.log_of(part)) for part in parts], pause)


def _follow(tails: list[_Tail], pause: Callable[[float], None]) -> Iterator[LogLine]:
    while True:
        told = False
        for tail in tails:
            for text in tail.new_lines():
                told = True
                yield parse_line(tail.part, text)
        if not told:
            pause(_POLL_S)


class _Tail:
    """The end of one file that others write to."""

    def __init__(self, part: str, path: Path) -> None:
        self.part = part
        self._path = path
        self._position = path.stat().st_size if path.exists() else 0
        self._rest = b""

    def new_lines(self) -> list[str]:
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            return []
        if size < self._position:
            self._position, self._rest = 0, b""
        if size == self._position:
            return []
        with self._path.open("rb") as file:
            file.seek(self._position)
            read = file.read(_MOST_BYTES)
        self._position += len(read)
        *lines, self._rest = (self._rest + read).split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines]


def _with_rotated(path: Path, count: int) -> list[str]:
    lines = last_lines(path, count)
    if len(lines) < count:
        lines = last_lines(path.with_name(path.name + ".1"), count - len(lines)) + lines
    return lines
