"""A process beside some work that outlives it: told of the end by a word on its standard input. An input that
ends without it is a death, and then it clears up.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from anomalyctl.processes.output import open_output

_ENDED: Final = b"ended\n"
_GOES_WITHIN_S: Final = 10.0


@contextlib.contextmanager
def survived_by(
    command: Sequence[str],
    log: Path,
    environ: Mapping[str, str],
    *,
    is_over: Callable[[], bool] = lambda: True,
) -> Iterator[int]:
    """Have `command` watch over the block, writing to `log`; its process id.

    When the block ends and `is_over` says no, the process is left to clear up as after a death.
    """
    output = open_output(log)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=dict(environ),
            start_new_session=True,  # Ctrl-C is the block's own to answer
        )
    finally:
        os.close(output)
    try:
        yield process.pid
    finally:
        # One that was stopped or killed itself is not waited for.
        with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
            if is_over():
                process.communicate(_ENDED, timeout=_GOES_WITHIN_S)
            elif process.stdin is not None:
                process.stdin.close()


def ended_well() -> bool:
    """For the process itself: wait for the word (True), or for the death (False), deaf to signals."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    return sys.stdin.buffer.read().endswith(_ENDED)
