"""A process beside a rollout that outlives it: after a death it brings the old revision back."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Final

from anomalyctl.errors import AnomalyctlError, Locked, NotFound
from anomalyctl.processes.survivor import ended_well

_TRIES: Final = 30
_PAUSE_S: Final = 15.0
_LONGEST_PAUSE_S: Final = 300.0
_LONGER: Final = 1.3
"""About an hour and three quarters in all: networks and sign-ins are away for that long."""


def bring_back(
    environment_name: str,
    roll_back: Callable[[str], object],
    *,
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Roll back, again and again while somebody else is at it or Azure cannot be reached. True when done."""
    for attempt in range(_TRIES):
        try:
            roll_back(environment_name)
        except NotFound:
            say("nothing was begun")
            return True
        except Locked as error:
            say(f"another command is at it: {error.message}")
        except AnomalyctlError as error:
            say(f"not yet: {error.message}")
        else:
            say("the old revision serves again")
            return True
        sleep(min(_PAUSE_S * _LONGER**attempt, _LONGEST_PAUSE_S))
    say("given up: run `anomalyctl rollback`")
    return False


def main() -> int:
    """Wait for the word, or for the death."""
    if ended_well():
        return 0
    from functools import partial

    from anomalyctl.operations.rollout.environment_rollout import roll_back_detectors

    def say(text: str) -> None:
        sys.stdout.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")
        sys.stdout.flush()

    say("the rollout was killed, or left this to be done")
    # One that is finished stays: the death may have come after it, or before the next one had begun.
    undo = partial(roll_back_detectors, only_unfinished=True)
    return 0 if bring_back(sys.argv[1], undo, say=say) else 1


if __name__ == "__main__":
    sys.exit(main())
