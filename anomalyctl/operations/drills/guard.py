"""A process beside a drill that outlives it: when the drill is killed, it takes what stands of it away."""

from __future__ import annotations

import os
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from anomalyctl.errors import AnomalyctlError
from anomalyctl.processes.survivor import ended_well, survived_by

_TRIES: Final = 10
_PAUSE_S: Final = 1.0


def guarded(home: Path, log: Path) -> AbstractContextManager[int]:
    """Watch over a drill whose folder is `home`; where that is still there afterwards, it is taken away."""
    command = (sys.executable, "-m", "anomalyctl.operations.drills.guard", str(home))
    return survived_by(command, log, os.environ, is_over=lambda: not home.exists())


def main() -> int:
    """Wait for the word, or for the death."""
    if ended_well():
        return 0
    from anomalyctl.operations.drills.place import claimed, clear

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
