"""What a rollout has watched over by a process of its own, which ends it when the rollout is killed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from anomalyctl.processes.survivor import survived_by

_GUARD: Final = "anomalyctl.operations.rollout.guard"


def guarded(
    environment_name: str,
    log: Path,
    environ: Mapping[str, str],
    *,
    is_over: Callable[[], bool] = lambda: True,
    command: Sequence[str] = (),
) -> AbstractContextManager[int]:
    """Watch over a rollout from a process of its own (`command` instead of ours); its id.

    When the block ends and `is_over` says no, the process is left to end the rollout as after a death.
    """
    ours = (sys.executable, "-m", _GUARD, environment_name)
    return survived_by(command or ours, log, environ, is_over=is_over)
