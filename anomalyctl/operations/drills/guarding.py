"""What a drill has watched over by a process of its own, which takes it away when the drill is killed."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from anomalyctl.processes.survivor import survived_by

_GUARD: Final = "anomalyctl.operations.drills.guard"


def guarded(home: Path, log: Path) -> AbstractContextManager[int]:
    """Watch over a drill whose folder is `home`; where that is still there afterwards, it is taken away."""
    command = (sys.executable, "-m", _GUARD, str(home))
    return survived_by(command, log, os.environ, is_over=lambda: not home.exists())
