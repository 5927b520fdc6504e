"""Verdicts in any order, any batches, any repetition: the same readings are counted, once each."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.triage.counted import CountedReadings
from anomalyctl.triage.counting import count
from anomalyctl.triage.occurrences import SEVERITIES, occurrence_of, worse
from tests.support.verdict_documents import START, verdict

anomalous = st.dictionaries(
    st.integers(0, 4000),
    st.tuples(st.sets(st.sampled_from("ABC"), min_size=1, max_size=2), st.sampled_from(SEVERITIES)),
    min_size=1,
    max_size=15,
)


@settings(max_examples=100, derandomize=True, database=None, deadline=None)
@given(anomalous, st.randoms(use_true_random=False), st.integers(1, 5), st.integers(1, 3))
def test_the_counted_set_is_the_same_whatever_the_order(
    readings: dict[int, tuple[set[str], str]], dice: Any, batch: int, repeats: int
) -> None:
    documents = [
        verdict(seconds, *sorted(tags), severity=severity) for seconds, (tags, severity) in readings.items()
    ] * repeats
    dice.shuffle(documents)
    episodes: dict[str, dict[str, Any]] = {}
    for at in range(0, len(documents), batch):
        occurrences = [occurrence_of(document) for document in documents[at : at + batch]]
        for changed in count([each for each in occurrences if each], list(episodes.values())):
            document = changed.finished()
            episodes[document["anomaly_id"]] = document
    counted = [CountedReadings.from_text(each["counted"]).times for each in episodes.values()]
    expected = {epoch_ms(START) + 1000 * seconds for seconds in readings}
    assert set().union(*counted) == expected
    assert sum(map(len, counted)) == len(expected), "no reading is counted in two episodes"
    for episode, times in zip(episodes.values(), counted, strict=True):
        assert episode["occurrences"] == len(times)
        assert (episode["first_ms"], episode["last_ms"]) == (min(times), max(times))
        gravest = "low"
        for seconds, (_, severity) in readings.items():
            if epoch_ms(START) + 1000 * seconds in times:
                gravest = worse(gravest, severity)
        assert episode["severity_level"] == gravest
