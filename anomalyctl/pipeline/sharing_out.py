"""Of what a queue's drainer has read: what is its to judge, what is another queue's, what has to wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from anomalyctl.errors import ReadingRefused
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.stores.readings.entries import QueueEntry, id_order
from anomalyctl.stores.readings.places import Place, home_of
from anomalyctl.telemetry.validation import check_source

_NONE_YET = "0-0"


@dataclass(slots=True)
class Shared:
    """One batch, shared out; by source."""

    here: dict[str, Sequence[QueueEntry]] = field(default_factory=dict)
    """To be judged by this drainer."""
    held: set[str] = field(default_factory=set)
    """Something older of theirs waits in the queue that they had before; they stay pending."""
    moved: set[str] = field(default_factory=set)
    """Judged by another drainer before or after this batch: what is remembered of them may be old."""
    forwarded: int = 0
    """Readings that went to the queue of their source."""


def share_out(readings: ReadingStore, groups: Mapping[str, Sequence[QueueEntry]]) -> Shared:
    """Share out entries of `readings.queue`, by source, in the order they arrived. For its drainer alone.

    A source is only ever judged under one queue's lease: what came to another queue goes on to its own, and a
    source that has moved waits until all is judged that it had in its queue before. Where the number of
    queues wants it elsewhere, it moves now; what it has here up to now is still judged here.
    """
    shared = Shared()
    places, count = readings.places.look(groups)
    for source, group in groups.items():
        place = places[source]
        if place.queue != readings.queue.number:
            _let_go(readings, shared, source, place, group)
        elif place.before is None or _arrived(readings, shared, source, place):
            shared.here[source] = group
            _move_if_due(readings, source, Place(place.queue), count)
    return shared


def has_arrived(readings: ReadingStore, source: str, place: Place) -> bool:
    """Whether the queue that a source had before is done with it; if so, its place says so from now on.

    For the drainer of the source's queue alone.
    """
    assert place.before is not None  # noqa: S101 - asked for those that have moved
    before = readings.on_queue(place.before).queue
    return before.is_done_until(place.until) and readings.places.settle(source, place)


def _let_go(
    readings: ReadingStore, shared: Shared, source: str, place: Place, group: Sequence[QueueEntry]
) -> None:
    queue = readings.queue.number
    until = id_order(place.until if place.before == queue else _NONE_YET)
    mine = [entry for entry in group if id_order(entry.id) <= until]
    strays = [(entry.id, entry.fields) for entry in group if id_order(entry.id) > until]
    if mine:
        shared.here[source] = mine
    if strays:
        shared.forwarded += readings.places.forward(queue, source, place, strays)
    shared.moved.add(source)


def _arrived(readings: ReadingStore, shared: Shared, source: str, place: Place) -> bool:
    if has_arrived(readings, source, place):
        shared.moved.add(source)
        return True
    shared.held.add(source)
    return False


def _move_if_due(readings: ReadingStore, source: str, place: Place, count: int) -> None:
    try:
        home = home_of(check_source(source), count)
    except ReadingRefused:
        return  # it is refused wherever it is
    if home != place.queue:
        readings.places.move(source, place, home)
