"""What waits in a part, in words."""

from datetime import UTC, datetime

import pytest

from anomalyctl.operations.status import COSMOS, backlog_of
from anomalyctl.operations.status_backlog import Backlogs

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("episodes", "letters", "words"),
    [
        (0, 0, "0 open episodes"),
        (1, 1, "1 open episode, 1 dead letter"),
        (1_200, 2, "1,200 open episodes, 2 dead letters"),
    ],
)
def test_one_is_one_and_more_are_more(episodes: int, letters: int, words: str):
    backlogs = Backlogs(open_episodes=episodes, dead_letters=letters)
    assert backlog_of(COSMOS, backlogs, NOW) == words
