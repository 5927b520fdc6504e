"""A site that outgrows one queue spreads its sources over several; their number may change at any time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import redis
from redis.exceptions import OutOfMemoryError

from anomalyctl.pipeline.drain import LONGEST_S, Drained, Drainer
from anomalyctl.pipeline.rounds import Rounds
from anomalyctl.pipeline.tally import Tally
from anomalyctl.stores.leases import lease_key
from anomalyctl.stores.readings.keys import DOORBELL, PLACES, QUEUE_COUNT, queue_key
from anomalyctl.stores.readings.places import Place, home_of
from tests.pipeline.conftest import Bench

Quiet = Callable[..., list[tuple[int, bytes]]]
WELLS = [f"well-{number}" for number in range(1, 9)]


def test_the_home_of_a_source_is_stable_and_another_count_moves_few() -> None:
    sources = [f"well-{number}" for number in range(1_000)]
    homes = [[home_of(source, count) for source in sources] for count in (1, 3, 4)]
    assert set(homes[0]) == {0}
    assert all(homes[1].count(queue) > 250 for queue in range(3))
    moved = sum(before != after for before, after in zip(homes[1], homes[2], strict=True))
    assert 180 < moved < 320, "a quarter, and all of them to the new queue"
    assert {after for before, after in zip(homes[1], homes[2], strict=True) if before != after} == {3}


def test_one_queue_leaves_nothing_of_this_in_redis(bench: Bench, quiet: Quiet) -> None:
    bench.send(quiet(3))
    assert bench.rounds(1).drain().tally.judged == 3
    assert not bench.redis.exists(PLACES, DOORBELL)
    assert bench.readings.places.queues() == [0]


def test_sources_spread_and_each_keeps_its_order(bench: Bench, quiet: Quiet) -> None:
    rows = {well: quiet(30, source=well) for well in WELLS}
    rounds = bench.rounds(3)
    for first in range(0, 30, 10):
        for well in WELLS:
            bench.send(rows[well][first : first + 10], source=well)
        rounds.drain()
    assert bench.nothing_waits()
    assert _judged_in_order(bench, 30)
    homes = {well: home_of(well, 3) for well in WELLS}
    assert len(set(homes.values())) == 3
    places = bench.readings.places.of(WELLS)
    assert {well: places[well].queue for well in WELLS} == homes
    assert all(bench.redis.xlen(queue_key(queue)) for queue in range(3)), "each queue had readings of its own"
    assert bench.redis.xlen(DOORBELL) > 0, "whoever drains was rung for what the first queue does not hold"


@pytest.mark.parametrize(("before", "after"), [(1, 4), (4, 1), (4, 2), (2, 3)])
def test_nothing_is_lost_or_late_when_the_number_changes_while_readings_wait(
    bench: Bench, quiet: Quiet, before: int, after: int
) -> None:
    rows = {well: quiet(40, source=well) for well in WELLS}
    bench.readings.places.want(before)
    for well in WELLS:
        bench.send(rows[well][:10], source=well)
    bench.rounds(before).drain()
    for well in WELLS:
        bench.send(rows[well][10:20], source=well)
    # The number changes; a part is read and not judged, and more comes before anybody works again.
    bench.readings.places.want(after)
    _read_by_one_who_died(bench, 3)
    for well in WELLS:
        bench.send(rows[well][20:30], source=well)
    rounds = bench.rounds(after)
    rounds.drain()
    for well in WELLS:
        bench.send(rows[well][30:], source=well)
    rounds.drain()
    rounds.drain()
    assert bench.nothing_waits()
    assert _judged_in_order(bench, 40)
    places = bench.readings.places.of(WELLS)
    assert {well: places[well] for well in WELLS} == {well: Place(home_of(well, after)) for well in WELLS}


def test_a_source_that_moved_waits_until_its_old_queue_is_done_with_it(bench: Bench, quiet: Quiet) -> None:
    well = next(well for well in WELLS if home_of(well, 2) == 1)
    rows = quiet(9, source=well)
    bench.send(rows[:3], source=well)
    bench.readings.places.move(well, Place(), 1)
    bench.send(rows[3:], source=well)
    first, second = (bench.drainer_of(bench.readings.on_queue(queue), "host-1") for queue in (0, 1))
    bench.readings.places.want(2)
    waiting = second.drain()
    assert (waiting.tally.judged, set(waiting.held)) == (0, {well}), "three older ones wait"
    assert first.drain().tally.judged == 3
    assert second.drain().tally.judged == 6
    assert _judged_in_order(bench, 9)


def test_a_source_that_moved_with_its_last_reading_has_its_verdicts_completed(
    bench: Bench, quiet: Quiet
) -> None:
    well = next(well for well in WELLS if home_of(well, 2) == 1)
    bench.send(quiet(3, source=well), source=well)
    bench.judges.down = {"ml"}
    bench.rounds(2).drain()
    assert bench.readings.places.of([well])[well].before == 0, "nothing came since that could say it arrived"
    bench.judges.down = set()
    bench.rounds(2, "host-2").drain()
    assert bench.readings.windows.incomplete(well, 10) == []
    assert [each["explanation"]["tiers_missing"] for each in bench.verdicts.in_order] == [[]] * 3
    assert bench.readings.places.of([well]) == {well: Place(1)}


def test_a_full_redis_that_takes_no_rings_keeps_nothing_back(
    bench: Bench, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = next(well for well in WELLS if home_of(well, 2) == 1)
    bench.redis.hset(PLACES, well, "1")
    for _, payload in quiet(3, source=well):
        bench.redis.xadd(queue_key(0), {"source": well, "payload": payload})
    sent: Any = redis.Redis.execute_command
    asked: list[str] = []

    def full(client: Any, *arguments: Any, **options: Any) -> Any:
        if arguments[:2] == ("XADD", DOORBELL) or arguments[:2] == ("SET", QUEUE_COUNT):
            asked.append(arguments[1])
            raise OutOfMemoryError("OOM command not allowed")
        return sent(client, *arguments, **options)

    monkeypatch.setattr(redis.Redis, "execute_command", full)
    drained = bench.rounds(2).drain()
    assert (drained.forwarded, drained.tally.judged) == (3, 3)
    assert asked == [QUEUE_COUNT, DOORBELL], "each once"


def test_however_many_queues_there_are_a_drain_ends_within_a_functions_time(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host of functions ends a process whose call takes 10 minutes, in the middle of whatever it does."""
    bench.readings.places.want(32)
    now, asked = [0.0], []

    def busy(drainer: Drainer, *, longest_s: float) -> Drained:
        asked.append(longest_s)
        now[0] += longest_s
        return Drained(Tally(judged=1), longest_s)

    monkeypatch.setattr("anomalyctl.pipeline.rounds.time.monotonic", lambda: now[0])
    monkeypatch.setattr(Drainer, "drain", busy)
    bench.rounds(32).drain()
    assert sum(asked) == pytest.approx(LONGEST_S)
    assert len(asked) == 24


def test_who_knows_only_the_first_queue_is_served_in_order(bench: Bench, quiet: Quiet) -> None:
    rounds = bench.rounds(3)
    for well in WELLS:
        rows = quiet(12, source=well)
        for _, payload in rows[:6]:
            bench.redis.xadd(queue_key(0), {"source": well, "payload": payload})
        rounds.drain()
        for _, payload in rows[6:]:
            bench.redis.xadd(queue_key(0), {"source": well, "payload": payload})
        rounds.drain()
    assert bench.nothing_waits()
    assert _judged_in_order(bench, 12)


def test_an_entry_goes_on_once_though_two_try(bench: Bench, quiet: Quiet) -> None:
    well = next(well for well in WELLS if home_of(well, 2) == 1)
    bench.redis.hset(PLACES, well, "1")
    [(_, payload)] = quiet(1, source=well)
    bench.redis.xadd(queue_key(0), {"source": well, "payload": payload})
    bench.readings.queue.create_group()
    [entry] = bench.readings.queue.read_new("host-1", 10)
    strays = [(entry.id, entry.fields)]
    assert bench.readings.places.forward(0, well, Place(2), strays) == 0, "it is not there any more"
    assert bench.readings.places.forward(0, well, Place(1), strays) == 1
    assert bench.readings.places.forward(0, well, Place(1), strays) == 0
    assert (bench.redis.xlen(queue_key(0)), bench.redis.xlen(queue_key(1))) == (0, 1)


def test_two_workers_drain_two_queues_side_by_side(bench: Bench, quiet: Quiet) -> None:
    bench.readings.places.want(2)
    wells = [next(well for well in WELLS if home_of(well, 2) == queue) for queue in (0, 1)]
    bench.redis.hset(PLACES, mapping={wells[1]: "1"})
    for well in wells:
        bench.send(quiet(20, source=well), source=well)
    both_are_at_it = threading.Barrier(2, timeout=10)
    met: set[str] = set()

    def meet(tier: str, body: Any) -> None:
        if body["source"] not in met:
            met.add(body["source"])
            both_are_at_it.wait()

    bench.judges.before = meet
    done: dict[str, int] = {}

    def work(consumer: str) -> None:
        done[consumer] = bench.rounds(2, consumer).drain().tally.judged

    workers = [threading.Thread(target=work, args=[f"host-{number}"]) for number in (1, 2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert done == {"host-1": 20, "host-2": 20}, "neither waited for the other's queue"
    assert bench.nothing_waits()


def test_who_holds_one_queue_does_not_keep_others_from_the_rest(bench: Bench, quiet: Quiet) -> None:
    bench.readings.places.want(2)
    wells = [next(well for well in WELLS if home_of(well, 2) == queue) for queue in (0, 1)]
    bench.redis.hset(PLACES, mapping={wells[1]: "1"})
    for well in wells:
        bench.send(quiet(2, source=well), source=well)
    bench.redis.set(lease_key("readings"), "1:somebody-else")
    drained = bench.rounds(2).drain()
    assert (drained.tally.judged, drained.standby) == (2, False)
    bench.redis.set(lease_key("readings:1"), "1:somebody-else")
    assert bench.rounds(2).drain().standby


def test_letters_of_two_queues_with_the_same_entry_id_are_two(bench: Bench) -> None:
    well = next(well for well in WELLS if home_of(well, 2) == 1)
    bench.redis.hset(PLACES, well, "1")
    for queue in (0, 1):
        source = well if queue else "well-of-queue-0"
        bench.redis.xadd(queue_key(queue), {"source": source, "payload": b"{"}, id="1700000000000-0")
    bench.readings.places.want(2)
    bench.redis.hset(PLACES, "well-of-queue-0", "0")
    drained = bench.rounds(2).drain()
    assert drained.tally.refused == 2
    assert set(bench.verdicts.letters) == {"1700000000000-0", "1700000000000-0-1"}
    entry = bench.readings.queue.put_back(well, b"{", origin="live", letter="1700000000000-0-1")
    assert [found[0].decode() for found in bench.redis.xrange(queue_key(1), entry, entry)] == [entry]
    assert bench.rounds(2).drain().tally.refused == 1
    assert len(bench.verdicts.letters) == 2
    assert bench.verdicts.letters["1700000000000-0-1"]["attempts"] == 2


def test_a_killed_drainer_of_one_queue_is_taken_over(bench: Bench, quiet: Quiet) -> None:
    rounds = bench.rounds(2)
    for well in WELLS:
        bench.send(quiet(5, source=well)[:1], source=well)
    rounds.drain()
    for well in WELLS:
        bench.send(quiet(5, source=well)[1:], source=well)
    _read_by_one_who_died(bench, 100)
    assert bench.rounds(2, "host-2").drain().tally.judged == 4 * len(WELLS)
    assert _judged_in_order(bench, 5)


def test_moves_side_by_side_with_readings_lose_nothing(bench: Bench, quiet: Quiet) -> None:
    """Producers, two workers and somebody who cannot make up their mind, all at once."""
    rows = {well: quiet(60, source=well) for well in WELLS[:4]}
    sent, failures = threading.Event(), []

    def produce() -> None:
        for at in range(0, 60, 3):
            for well, mine in rows.items():
                bench.send(mine[at : at + 3], source=well)
            bench.readings.places.want(1 + at % 4)
        sent.set()

    def work(rounds: Rounds) -> None:
        try:
            while not (sent.is_set() and bench.nothing_waits()):
                rounds.drain()
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=produce)]
    made = [bench.rounds(1, f"host-{number}") for number in (1, 2)]
    for rounds in made:
        rounds._wanted = None
        threads.append(threading.Thread(target=work, args=[rounds]))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failures
    assert bench.nothing_waits()
    assert _judged_in_order(bench, 60, wells=WELLS[:4])


def _read_by_one_who_died(bench: Bench, count: int) -> None:
    for queue in bench.readings.places.queues():
        one = bench.readings.on_queue(queue).queue
        one.create_group()
        one.read_new("a-host-that-died", count)


def _judged_in_order(bench: Bench, count: int, wells: list[str] | None = None) -> bool:
    """Each reading once, none late, each source's in its own time order."""
    by_source: dict[str, list[str]] = {}
    for reading_id in bench.episodes.recorded:
        by_source.setdefault(reading_id.partition(":")[0], []).append(reading_id)
    late = [each["id"] for each in bench.verdicts.in_order if each["explanation"]["late"]]
    assert not late, f"{len(late)} were judged late"
    for mine in by_source.values():
        assert mine == sorted(set(mine))
        assert len(mine) == count
    return not wells or set(by_source) == set(wells)
