"""Within a drain too, what nobody waits for takes the places of the background, and verdicts their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from anomalyctl.errors import Transient
from anomalyctl.resilience.manner import is_in_background
from tests.pipeline.conftest import Bench

Quiet = Callable[..., list[tuple[int, bytes]]]


@pytest.fixture
def seen(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[bool]]:
    """Whether each kind of work was in the background."""
    found: dict[str, set[bool]] = {}

    def watch(thing: Any, name: str) -> None:
        original = getattr(thing, name)

        def watched(*arguments: Any, **named: Any) -> Any:
            found.setdefault(name, set()).add(is_in_background())
            return original(*arguments, **named)

        monkeypatch.setattr(thing, name, watched)

    watch(bench.verdicts, "upsert_verdicts")
    watch(bench.verdicts, "add_dead_letters")
    watch(bench.verdicts, "forget_dead_letter")
    watch(bench.readings.models, "save")
    return found


def test_verdicts_do_not_wait_behind_models_and_dead_letters(
    bench: Bench, quiet: Quiet, seen: dict[str, set[bool]]
) -> None:
    rows = quiet(400)
    bench.send([*rows, (rows[-1][0] + 10_000, b"{broken")])
    assert bench.drainer().drain().tally.fitted == 1
    assert seen == {"upsert_verdicts": {False}, "add_dead_letters": {True}, "save": {True}}


def test_a_letter_that_was_judged_goes_behind_new_readings(
    bench: Bench, quiet: Quiet, seen: dict[str, set[bool]]
) -> None:
    payload = quiet(1)[0][1]
    letter = {"id": "1700000000000-0", "source": "well-1", "payload": payload.decode()}
    bench.verdicts.letters[letter["id"]] = letter
    bench.redis.xadd("telemetry:readings", {"source": "well-1", "payload": payload, "letter": letter["id"]})
    assert bench.drainer().drain().tally.judged == 1
    assert bench.verdicts.letters == {}
    assert seen == {"upsert_verdicts": {False}, "forget_dead_letter": {True}}


def test_missing_tiers_are_completed_behind_new_readings(
    bench: Bench, quiet: Quiet, seen: dict[str, set[bool]], monkeypatch: pytest.MonkeyPatch
) -> None:
    drainer = bench.drainer()
    bench.judges.down = {"ml"}
    bench.send(quiet(3))
    drainer.drain()
    bench.judges.down = set()
    asked: list[bool] = []
    bench.judges.before = lambda tier, body: asked.append(is_in_background())
    seen.clear()
    monkeypatch.setattr(drainer, "_complete_from", 0.0)
    drainer.drain()
    assert asked == [True]
    assert seen["upsert_verdicts"] == {True}


def test_a_lost_answer_of_the_queue_is_looked_up_before_newer_readings(
    bench: Bench, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    drainer = bench.drainer()
    read_new, lost = drainer.readings.queue.read_new, list[int]()

    def losing(consumer: str, count: int) -> Any:
        entries = read_new(consumer, 10)
        if len(lost) < 2:
            lost.append(len(entries))
            raise Transient("the answer was lost")
        return entries

    monkeypatch.setattr(drainer.readings.queue, "read_new", losing)
    bench.send(quiet(40))
    drained = drainer.drain()
    assert (drained.tally.judged, drained.tally.late, lost) == (40, 0, [10, 10])
    assert bench.nothing_waits()
