from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.triage.counted import HORIZON_MS, CountedReadings
from anomalyctl.triage.counting import Candidate, count
from anomalyctl.triage.occurrences import occurrence_of
from tests.support.verdict_documents import START, verdict


def counted(*documents: dict[str, Any], episodes: tuple[dict[str, Any], ...] = ()) -> list[dict[str, Any]]:
    occurrences = [found for document in documents if (found := occurrence_of(document))]
    return [candidate.finished() for candidate in count(occurrences, episodes)]


def test_the_id_of_an_episode_is_source_first_time_and_signature_of_its_sorted_tags() -> None:
    [episode] = counted(verdict(0, "B", "A"))
    # printf 'A\nB' | sha256sum
    assert episode["anomaly_id"] == f"well-1-{epoch_ms(START)}-23519a43"
    assert counted(verdict(0, "A", "B"))[0]["anomaly_id"] == episode["anomaly_id"]


def test_overlapping_tags_within_ten_minutes_join_and_after_them_a_new_episode_opens() -> None:
    first, second = counted(
        verdict(0, "A"), verdict(600, "A", "B"), verdict(1200, "B"), verdict(1800.001, "B")
    )
    assert (first["occurrences"], first["tags"]) == (3, ["A", "B"])
    assert second["detected_at"] == "2026-11-20T09:30:00.001000Z"


def test_other_tags_open_an_episode_of_their_own_and_the_oldest_takes_what_overlaps_several() -> None:
    first, second = counted(verdict(0, "A"), verdict(10, "B"), verdict(20, "A", "B"))
    assert (first["occurrences"], second["occurrences"]) == (2, 1)


def test_severity_escalates_and_never_falls_and_the_greatest_confidence_stays() -> None:
    [episode] = counted(
        verdict(0, "A", severity="medium", confidence=0.5),
        verdict(10, "A", severity="critical", confidence=0.99),
        verdict(20, "A", severity="low", confidence=0.1),
    )
    assert (episode["severity_level"], episode["confidence"]) == ("critical", 0.99)


def test_what_is_said_of_a_later_reading_says_when_it_was() -> None:
    [episode] = counted(verdict(0, "A"), verdict(90, "A", "B"))
    assert episode["contexts"]["A"].startswith("A is high")
    assert episode["contexts"]["B"].startswith("At 09:01:30 UTC: B is high")


def test_the_tag_with_the_largest_mean_share_comes_first() -> None:
    [episode] = counted(
        verdict(0, "A", "B", shares={"A": 0.6, "B": 0.4}),
        verdict(10, "A", "B", shares={"A": 0.1, "B": 0.9}),
    )
    assert episode["tags"] == ["B", "A"]
    assert episode["shares"] == {"A": 0.35, "B": 0.65}


def test_a_repeated_or_late_reading_is_counted_once() -> None:
    [episode] = counted(
        verdict(0, "A"), verdict(20, "A"), verdict(10, "A"), verdict(10, "A"), verdict(0, "A")
    )
    assert episode["occurrences"] == 3
    assert counted(verdict(10, "A"), episodes=(episode,)) == []


def test_a_repeat_with_a_graver_verdict_escalates_without_being_counted_again() -> None:
    [episode] = counted(verdict(0, "A"))
    [again] = counted(verdict(0, "A", "B", severity="critical"), episodes=(episode,))
    assert (again["occurrences"], again["severity_level"], again["tags"]) == (1, "critical", ["A"])


def test_a_tag_that_the_fault_only_moves_is_not_listed_and_keeps_no_episode_alive() -> None:
    moved = {"A": 0.96, "B": 0.04}
    [episode] = counted(*(verdict(seconds, "A", "B", shares=moved) for seconds in (0, 10, 20)))
    assert episode["tags"] == ["A"]
    first, second = counted(verdict(0, "A", "B", shares=moved), verdict(60, "B", "C"))
    assert (first["last_seen"], second["tags"]) == (first["detected_at"], ["B", "C"])


def test_a_late_reading_before_the_first_joins_and_keeps_the_id() -> None:
    [episode] = counted(verdict(100, "A"))
    [joined] = counted(verdict(0, "A"), episodes=(episode,))
    assert joined["anomaly_id"] == episode["anomaly_id"]
    assert joined["first_ms"] == epoch_ms(START)
    assert joined["detected_at"] == episode["detected_at"]


def test_what_was_resolved_is_not_counted_again_and_a_newer_occurrence_opens_a_new_episode() -> None:
    [episode] = counted(verdict(0, "A"), verdict(10, "A"))
    resolved = {**episode, "status": "resolved"}
    assert counted(verdict(0, "A"), verdict(5, "A"), verdict(10, "A"), episodes=(resolved,)) == []
    [newer] = counted(verdict(20, "A"), episodes=(resolved,))
    assert newer["anomaly_id"] != episode["anomaly_id"]


def test_a_verdict_that_names_no_tag_belongs_to_the_whole_reading() -> None:
    document = verdict(0, "A")
    document["explanation"]["tags"] = []
    [episode] = counted(document, verdict(10, "A"), {**document, "timestamp": verdict(20, "A")["timestamp"]})[
        :1
    ]
    assert episode["tags"] == ["*"]
    assert episode["occurrences"] == 2


def test_an_episode_carries_the_specification_keys_and_the_reading_that_was_judged() -> None:
    document = verdict(0, "A")
    document["heuristic"]["results"]["B"]["context"] = "not anomalous"
    [episode] = counted(document)
    assert episode["contexts"] == {"A": "A is high because the pump runs too fast."}
    assert episode["reading"] == {
        "id": document["id"],
        "timestamp": document["timestamp"],
        "values": {"A": 9.0, "B": 1.0, "C": 1.0},
    }
    assert (episode["status"], episode["revision"], episode["assigned_to"]) == ("open", 0, "")


def test_a_change_fits_into_the_ten_operations_of_a_patch() -> None:
    [episode] = counted(verdict(100, "A", severity="low", confidence=0.1))
    document = verdict(0, "A", "B", severity="critical", confidence=1.0)
    document["statistical"] = {"results": {"B": {"context": "why"}}}
    late = occurrence_of(document)
    assert late is not None
    candidate = Candidate(episode)
    candidate.add(late)
    newer = occurrence_of(verdict(200, "A"))
    assert newer is not None
    candidate.add(newer)
    assert len(candidate.operations()) == 10


@pytest.mark.parametrize("step", [10_000, 9_973])
def test_a_day_of_counted_readings_is_kept_exactly_and_small(step: int) -> None:
    times = [step * number + (number * number) % 7 * (step % 2) for number in range(HORIZON_MS // step)]
    text = CountedReadings(times).to_text()
    assert CountedReadings.from_text(text).times == set(times)
    assert len(text) < (400 if step == 10_000 else 40_000)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 4000), st.sets(st.sampled_from("ABC"), max_size=2)), min_size=1, max_size=25
    ),
    st.integers(0, 3),
)
def test_however_documents_repeat_each_reading_is_counted_in_one_episode(
    readings: list[tuple[int, set[str]]], cut: int
) -> None:
    unique = dict(sorted(dict(readings).items()))
    documents = [verdict(seconds, *sorted(tags)) for seconds, tags in unique.items()]
    once = counted(*documents)
    assert sum(episode["occurrences"] for episode in once) == sum(1 for tags in unique.values() if tags)
    assert counted(*documents[cut:], episodes=tuple(once)) == []
