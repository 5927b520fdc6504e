"""A process beside a drill that outlives it: when the drill is killed, it takes what stands of it away."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Final

from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.drills.place import claimed, clear
from anomalyctl.processes.survivor import ended_well

_TRIES: Final = 10
_PAUSE_S: Final = 1.0


def main() -> int:
    """Wait for the word, or for the death."""
    if ended_well():
        return 0
    home = Path(sys.argv[1])
    for _ in range(_TRIES):
        try:
            with claimed(home):
                clear(home)
        except AnomalyctlError as error:  # what the drill was typing goes on for a moment
            sys.stdout.write(f"not yet: {error.message}\n")
        else:
            if not home.exists():
                return 0
        time.sleep(_PAUSE_S)
    sys.stdout.write(f"given up: the next drill clears {home} away\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
