"""The life of a source's models, on a real Valkey."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anomalyctl.errors import NotFound, PreconditionFailed
from anomalyctl.operations.detectors.models import fit, promote, rollback, status
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.telemetry.validation import encode_reading

START = datetime(2026, 3, 1, tzinfo=UTC)


def keep(store: ReadingStore, *versions: str) -> None:
    for at, version in enumerate(versions):
        store.save_model("well-1", version=version, data=b"x", fitted_at=START + timedelta(hours=at), rows=at)


def test_versions_are_told_with_the_one_in_use_first(reading_store: ReadingStore) -> None:
    keep(reading_store, "a", "b", "c")
    (told,) = status(reading_store, "well-1")
    assert [(each.version, each.in_use, each.rows) for each in told.versions] == [
        ("c", True, 2),
        ("b", False, 1),
        ("a", False, 0),
    ]


def test_a_promoted_version_is_in_use_and_none_is_lost(reading_store: ReadingStore) -> None:
    keep(reading_store, "a", "b", "c")
    change = promote(reading_store, "well-1", "a")
    assert (change.before, change.after) == ("c", "a")
    (told,) = status(reading_store, "well-1")
    assert [each.version for each in told.versions] == ["a", "c", "b"]
    assert promote(reading_store, "well-1", "c").after == "c"
    assert [each.version for each in status(reading_store, "well-1")[0].versions] == ["c", "a", "b"]


def test_two_roll_backs_go_two_versions_back_and_no_further(reading_store: ReadingStore) -> None:
    keep(reading_store, "a", "b", "c")
    assert rollback(reading_store, "well-1").after == "b"
    assert rollback(reading_store, "well-1").after == "a"
    with pytest.raises(PreconditionFailed, match="older than a"):
        rollback(reading_store, "well-1")


def test_what_is_not_kept_cannot_be_promoted(reading_store: ReadingStore) -> None:
    keep(reading_store, "a", "b")
    with pytest.raises(NotFound) as refused:
        promote(reading_store, "well-1", "z")
    assert "a" in refused.value.hint
    with pytest.raises(PreconditionFailed, match="has no model"):
        rollback(reading_store, "well-9")
    with pytest.raises(NotFound):
        status(reading_store, "well-9")


def test_a_fit_on_the_last_hours_is_put_into_use(reading_store: ReadingStore) -> None:
    feed(reading_store, 760)
    judged_until(reading_store, 759)
    (change,) = fit(reading_store, source="well-1", last=timedelta(hours=2), train_on_simulated=True)
    (told,) = status(reading_store)
    assert change.before is None
    assert told.versions[0].version == change.after
    assert change.after is not None
    assert change.after.endswith("-721"), "two hours of readings, both ends included"


def test_a_refused_fit_says_why_and_changes_nothing(reading_store: ReadingStore) -> None:
    feed(reading_store, 100)
    judged_until(reading_store, 99)
    with pytest.raises(PreconditionFailed, match="360"):
        fit(reading_store, source="well-1", train_on_simulated=True)
    assert fit(reading_store, train_on_simulated=True)[0].after is None
    assert "360" in status(reading_store)[0].refused


def feed(store: ReadingStore, count: int) -> None:
    made = simulate(built_in_registry(), seed=7, start=START, count=count, source="well-1").readings()
    rows: list[tuple[int, Any]] = [(epoch_ms(each.timestamp), encode_reading(each)) for each in made]
    store.append("well-1", rows, origin="simulated")


def judged_until(store: ReadingStore, row: int) -> None:
    """What the pipeline leaves behind when it has judged a reading."""
    lease = store.leases.acquire("test", "tests", ttl_s=30.0)
    assert lease is not None
    store.save_memory("well-1", {"heuristic": {"as_of": epoch_ms(START) + 10_000 * row}}, lease=lease)
