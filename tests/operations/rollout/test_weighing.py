"""Whether a new revision is good enough, from what both answered."""

from __future__ import annotations

import pytest

from anomalyctl.operations.rollout.weighing import Seen, Tally, is_hopeless, weigh


def tally(requests: int = 100, failures: int = 0, seconds: float = 0.02) -> Tally:
    return Tally(requests, failures, [seconds] * (requests - failures), "HTTP 500" if failures else "")


def test_a_revision_that_answers_alike_is_good():
    assert weigh(Seen(tally(), tally(), compared=100)).good


@pytest.mark.parametrize(
    ("seen", "said"),
    [
        (Seen(tally(), tally(failures=3), 97), "3.0% of its requests fail, 0.0% of the old one's (HTTP 500)"),
        (Seen(tally(), tally(seconds=0.2), 100), "p95 200 ms, 20 ms before"),
        (Seen(tally(), tally(), 100, different=3), "it concludes otherwise on 3.0% of 100 readings"),
        (Seen(tally(5), tally(5), 5), "only 5 requests were seen, too few to say"),
        (
            Seen(tally(failures=100), tally(failures=100), 0),
            "neither revision could be asked, so nothing was compared (HTTP 500)",
        ),
    ],
)
def test_what_speaks_against_a_revision_is_said_with_its_figures(seen: Seen, said: str):
    found = weigh(seen)
    assert not found.good
    assert found.against == (said,)


def test_failures_that_the_old_one_has_too_are_not_the_new_ones():
    assert weigh(Seen(tally(failures=5), tally(failures=5), 95)).good


def test_short_answers_may_differ_by_what_is_noise():
    assert weigh(Seen(tally(seconds=0.004), tally(seconds=0.03), 100)).good


def test_a_model_that_was_changed_on_purpose_may_conclude_otherwise_where_that_is_said():
    seen = Seen(tally(), tally(), 100, different=30)
    assert not weigh(seen).good
    assert weigh(seen, different=0.5).good


def test_one_that_fails_most_of_the_time_is_not_waited_for():
    assert is_hopeless(Seen(tally(), tally(20, failures=15)))
    assert not is_hopeless(Seen(tally(), tally(5, failures=5)))
    assert not is_hopeless(Seen(tally(20, failures=15), tally(20, failures=15)))
