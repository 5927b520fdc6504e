"""Which lines of a local log `--since` and `--errors` choose."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from anomalyctl.operations.logs import only
from anomalyctl.operations.logs_lines import LogLine

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LINES = (
    LogLine("functions", "2026-11-21T10:00:00.000000Z", "error", "old"),
    LogLine("functions", None, "error", "below old"),
    LogLine("functions", "2026-11-21T11:30:00.000000Z", "info", "new"),
    LogLine("detectors", "2026-11-21T11:40:00.000000Z", "critical", "newer"),
    LogLine("functions", "2026-11-21T11:50:00.000000Z", "error", "newest"),
)


def chosen(**options: object) -> list[str]:
    settings = {"back": None, "errors": False, "count": 50, "now": NOW, **options}
    return [line.message for line in only(LINES, **settings)]  # type: ignore[arg-type]


def test_since_leaves_out_what_is_older_and_what_stands_below_it() -> None:
    assert chosen(back=timedelta(hours=1)) == ["new", "newer", "newest"]


def test_errors_alone() -> None:
    assert chosen(errors=True) == ["old", "below old", "newer", "newest"]


def test_the_count_is_of_each_part_and_of_what_was_chosen() -> None:
    assert chosen(errors=True, count=1) == ["newer", "newest"]
    assert chosen(count=0) == []
