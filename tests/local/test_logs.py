"""Reading what the parts wrote, together and one by one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from anomalyctl.errors import NotDeployed, NotFound
from anomalyctl.local.folder import LocalFolder
from anomalyctl.operations.logs import chosen_parts, follow_logs, last_log_lines
from anomalyctl.operations.logs_lines import LogLine, parse_line


@pytest.fixture
def logged(folder: LocalFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalFolder]:
    folder.prepare()
    folder.log_of("functions").write_text(
        '{"time":"2026-01-01T00:00:01.000000Z","level":"info","function":"fit","message":"one"}\n'
        '{"time":"2026-01-01T00:00:03.000000Z","level":"error","message":"three",'
        '"error":"E: e","trace":"T\\nE: e"}\n'
    )
    folder.log_of("supervisor").write_text("2026-01-01T00:00:02.000000Z two\n")
    yield folder


def test_lines_of_all_parts_come_in_the_order_of_time(logged: LocalFolder) -> None:
    lines = last_log_lines(logged, chosen_parts(logged, None), 10)
    assert [line.message for line in lines] == ["one", "two", "three: E: e"]
    assert lines[0] == LogLine("functions", "2026-01-01T00:00:01.000000Z", "info", "one", "fit")
    assert lines[2].trace == "T\nE: e"


def test_only_the_last_lines_of_each_part_are_shown_and_the_rotated_file_counts(logged: LocalFolder) -> None:
    (logged.logs / "supervisor.log.1").write_text("2026-01-01T00:00:00.000000Z zero\n")
    lines = last_log_lines(logged, ("supervisor",), 10)
    assert [line.message for line in lines] == ["zero", "two"]
    assert [line.message for line in last_log_lines(logged, ("supervisor", "functions"), 1)] == [
        "two",
        "three: E: e",
    ]


def test_valkeys_and_uvicorns_own_forms_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    line = parse_line("valkey", "14288:M 20 Nov 2026 23:36:17.363 # Memory overcommit must be enabled!")
    assert line.level == "warning"
    assert line.message == "Memory overcommit must be enabled!"
    assert line.time is not None
    assert line.time.endswith(":17.363000Z")
    assert parse_line("detectors", "INFO:     Started").message == "Started"
    assert parse_line("detectors", '{"not": "a log line"}').message == '{"not": "a log line"}'
    assert parse_line("cosmos", "anything [red]at all").message == "anything [red]at all"


def test_following_tells_what_is_written_from_now_on_also_after_a_cut(logged: LocalFolder) -> None:
    def write(pause_s: float) -> None:
        pauses.append(pause_s)
        log = logged.log_of("supervisor")
        if len(pauses) == 1:
            with log.open("a") as file:
                file.write("2026-01-01T00:00:04.000000Z four\nhalf a ")
        elif len(pauses) == 2:
            with log.open("a") as file:
                file.write("line\n")
        else:
            log.write_text("cut\n")

    pauses: list[float] = []
    news = follow_logs(logged, ("supervisor", "functions"), pause=write)
    assert [next(news).message for _ in range(3)] == ["four", "half a line", "cut"]


def test_an_unknown_part_is_refused_with_the_nearest(logged: LocalFolder) -> None:
    with pytest.raises(NotFound, match="no part “function”") as refusal:
        chosen_parts(logged, "function")
    assert refusal.value.hint == "Did you mean functions?"


def test_without_any_log_the_environment_was_never_deployed(folder: LocalFolder) -> None:
    with pytest.raises(NotDeployed):
        chosen_parts(folder, None)
