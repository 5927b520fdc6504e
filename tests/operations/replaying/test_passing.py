"""How readings pass in a replay: at their own speed, several spans at once, on after Ctrl-C."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from anomalyctl.cli import boundary
from anomalyctl.errors import NotFound
from anomalyctl.operations.replay import replay
from anomalyctl.operations.replay_pacing import Pace
from anomalyctl.operations.replay_resuming import ReplayBookmark
from anomalyctl.project import Project
from anomalyctl.telemetry.times import epoch_ms
from tests.support.clocks import Clock
from tests.support.replay_parts import HOUR, NOW, START, Parts, connections, feed


@pytest.mark.parametrize(("times", "seconds"), [(1.0, 590.0), (10.0, 59.0), (None, 0.0)])
def test_readings_pass_at_the_speed_that_was_asked_for_with_the_same_verdicts(
    parts: Parts, times: float | None, seconds: float
) -> None:
    feed(parts, "paced")
    clock = Clock()
    pace = Pace(times, clock=clock, sleep=clock.sleep)
    paced = replay(connections(parts), HOUR, source="paced", now=NOW, pace=pace)
    assert clock.now == pytest.approx(seconds)
    assert paced == replay(connections(parts), HOUR, source="paced", now=NOW)


def test_an_interrupted_replay_goes_on_where_it_was_and_is_forgotten_at_its_end(
    parts: Parts, tmp_path: Path
) -> None:
    feed(parts, "halted")
    whole = replay(connections(parts), HOUR, source="halted", now=NOW)
    path = tmp_path / "local" / "replay.json"
    clock = Clock()

    def stop_in_the_sixth_minute(seconds: float) -> None:
        clock.sleep(seconds)
        if clock.now > 320:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replay(
            connections(parts),
            HOUR,
            source="halted",
            write=True,
            now=NOW,
            pace=Pace(1.0, clock=clock, sleep=stop_in_the_sixth_minute),
            bookmark=ReplayBookmark(path, HOUR, "halted", write=True),
        )
    assert path.stat().st_mode & 0o777 == 0o600
    kept = ReplayBookmark.opened(path)
    assert (kept.span, kept.source, kept.write) == (HOUR, "halted", True)
    assert kept.judged_until("halted") == epoch_ms(START) + 320_000
    assert (kept.judged_until("a-finished-one"), kept.judged_until("well-1")) == (None, -1)
    rest = replay(connections(parts), kept.span, source=kept.source, write=True, now=NOW, bookmark=kept)
    assert (rest.readings, rest.written) == (27, 27)
    documents = list(parts.anomalies.verdicts("halted", HOUR.start, HOUR.end))
    assert len(documents) == 60
    assert sum(each["final_status"] == "anomaly" for each in documents) == whole.anomaly
    with pytest.raises(NotFound, match="interrupted"):
        ReplayBookmark.opened(path)


def test_the_command_keeps_its_place_beside_the_environments_state(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(parts, "typed")
    parts.__dict__.update(
        project=Project(tmp_path, tmp_path / "state"), environment=SimpleNamespace(name="local")
    )
    monkeypatch.setattr("anomalyctl.operations.connecting.connect", lambda name: parts)
    monkeypatch.setattr("signal.signal", lambda *_: None)  # the test runner keeps its own handlers
    path = tmp_path / "state" / "local" / "replay.json"
    assert boundary.run_command(["replay", "--resume"]) == NotFound.exit_code
    ReplayBookmark(path, HOUR, "typed", write=False).move("typed", epoch_ms(START) + 320_000)
    assert boundary.run_command(["replay", "--resume", "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["readings"] == 27
    assert not path.exists()


def test_several_passes_are_under_way_at_once_and_counted_in_order(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(parts, "several")
    one_by_one = replay(connections(parts), HOUR, source="several", now=NOW)
    monkeypatch.setattr("anomalyctl.operations.replay_passes.WARM_UP", 0)
    monkeypatch.setattr("anomalyctl.operations.replay.MOST_READINGS", 10)
    judge_all, together, most = parts.detectors.judge_all, threading.Barrier(2, timeout=10), []
    running = [0]

    def slowly(*given: Any, **options: Any) -> Any:
        running[0] += 1
        most.append(running[0])
        with suppress(threading.BrokenBarrierError):
            together.wait()  # the first two go on only when both are under way
        together.abort()
        answers = judge_all(*given, **options)
        running[0] -= 1
        return answers

    monkeypatch.setattr(parts.detectors, "judge_all", slowly)
    told = replay(connections(parts), HOUR, source="several", now=NOW)
    assert len(most) == 6
    assert 2 <= max(most) <= 4, "several, and not all"
    assert told.readings == one_by_one.readings == 60
    assert [each.timestamp for each in told.sources[0].anomalies] == sorted(
        each.timestamp for each in told.sources[0].anomalies
    )


def test_no_more_is_under_way_than_fits_into_one_request(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed(parts, "heavy")
    monkeypatch.setattr("anomalyctl.operations.replay_passes.WARM_UP", 0)
    monkeypatch.setattr("anomalyctl.operations.replay_passes.MOST_BYTES", 40_000)
    judge_all, running = parts.detectors.judge_all, [0]

    def counted(source: str, payloads: Any, *rest: Any, **options: Any) -> Any:
        running[0] += sum(map(len, payloads))
        assert running[0] <= 40_000
        answers = judge_all(source, payloads, *rest, **options)
        running[0] -= sum(map(len, payloads))
        return answers

    monkeypatch.setattr(parts.detectors, "judge_all", counted)
    assert replay(connections(parts), HOUR, source="heavy", now=NOW).readings == 60


def test_an_interrupted_command_says_how_to_go_on(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    feed(parts, "pressed")
    parts.__dict__.update(
        project=Project(tmp_path, tmp_path / "state"), environment=SimpleNamespace(name="local")
    )
    monkeypatch.setattr("anomalyctl.operations.connecting.connect", lambda name: parts)
    monkeypatch.setattr("signal.signal", lambda *_: None)

    def pressed(*given: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(parts.detectors, "judge_all", pressed)
        span = ["--from", "2026-03-01T00:00Z", "--to", "2026-03-01T01:00Z", "--source", "pressed"]
        assert boundary.run_command(["replay", *span, "--output", "json"]) == boundary.INTERRUPTED
    told = capsys.readouterr()
    assert (told.out, "anomalyctl replay --resume" in told.err) == ("", True)
    assert boundary.run_command(["replay", "--resume", "--output", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["readings"] == 60
