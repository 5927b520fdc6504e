"""Where a replay is, kept beside the environment's state until it ends, so that it can go on there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from anomalyctl.errors import NotFound
from anomalyctl.local.disk import make_private_folder, read_json, write_json
from anomalyctl.operations.replay_spans import Span
from anomalyctl.telemetry.times import format_time, parse_time

FILE_NAME: Final = "replay.json"


class ReplayBookmark:
    """What was asked of a replay, the source that it is at, and that source's last judged reading."""

    def __init__(
        self,
        path: Path,
        span: Span,
        source: str | None,
        *,
        write: bool,
        compared: tuple[str, str] | None = None,
        at: str = "",
        judged_ms: int = -1,
        tally: Mapping[str, Any] | None = None,
    ) -> None:
        """`compared`: baseline and candidate, where the replay compares two; `tally`: what it counted."""
        self.span, self.source, self.write, self.compared = span, source, write, compared
        self.tally = dict(tally or {})
        self._path, self._at, self._judged_ms = path, at, judged_ms

    @classmethod
    def opened(cls, path: Path) -> ReplayBookmark:
        """The one that an interrupted replay left. Raises NotFound where there is none that can be read."""
        kept = read_json(path) or {}
        try:
            span = Span(parse_time(kept["from"]), parse_time(kept["to"]))
            source, at, judged_ms = kept["source"], str(kept["at"]), int(kept["judged_ms"])
            write, compared, tally = kept["write"] is True, kept.get("compared"), kept.get("tally", {})
            return cls(
                path,
                span,
                source,
                write=write,
                compared=(str(compared[0]), str(compared[1])) if compared else None,
                at=at,
                judged_ms=judged_ms,
                tally=tally,
            )
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise NotFound(
                "No interrupted replay is known here.", hint="Say which span: --last 1h."
            ) from error

    def judged_until(self, source: str) -> int | None:
        """Milliseconds of its last judged reading, -1 for none; None for a source that is finished.

        Sources are judged in alphabetical order.
        """
        if source == self._at:
            return self._judged_ms
        return None if source < self._at else -1

    def keep(self) -> None:
        """Remember what was asked for, even where not one reading was judged yet."""
        self.move(self._at, self._judged_ms, self.tally)

    def move(self, source: str, judged_ms: int, tally: Mapping[str, Any] | None = None) -> None:
        """Remember, readable by the owner alone, that the source is judged until there."""
        self._at, self._judged_ms, self.tally = source, judged_ms, dict(tally or {})
        make_private_folder(self._path.parent)
        write_json(
            self._path,
            {
                "from": format_time(self.span.start),
                "to": format_time(self.span.end),
                "source": self.source,
                "write": self.write,
                "compared": self.compared,
                "tally": self.tally,
                "at": source,
                "judged_ms": judged_ms,
            },
        )

    def forget(self) -> None:
        """The replay is finished."""
        self._path.unlink(missing_ok=True)
