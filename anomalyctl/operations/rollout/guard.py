"""A process beside a rollout that outlives it: when the rollout is killed, it brings the old revision back.

It is told of the end by a word on its standard input; an input that ends without it is a death.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from anomalyctl.errors import AnomalyctlError, Locked, NotFound
from anomalyctl.processes.output import open_output

_ENDED: Final = b"ended\n"
_TRIES: Final = 20
_PAUSE_S: Final = 15.0


@contextlib.contextmanager
def guarded(
    environment_name: str, log: Path, environ: Mapping[str, str], *, command: Sequence[str] = ()
) -> Iterator[int]:
    """Watch over the block from a process of its own (`command` instead of ours); its id."""
    ours = (sys.executable, "-m", "anomalyctl.operations.rollout.guard", environment_name)
    output = open_output(log)
    try:
        process = subprocess.Popen(
            command or ours,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env=dict(environ),
            start_new_session=True,  # Ctrl-C is the rollout's own to answer
        )
    finally:
        os.close(output)
    try:
        yield process.pid
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.communicate(_ENDED, timeout=10)


def bring_back(
    environment_name: str,
    roll_back: Callable[[str], object],
    *,
    say: Callable[[str], None],
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Roll back, again and again while somebody else is at it or Azure cannot be reached. True when done."""
    for _ in range(_TRIES):
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
        sleep(_PAUSE_S)
    say("given up: run `anomalyctl rollback`")
    return False


def main() -> int:
    """Wait for the word, or for the death."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    if sys.stdin.buffer.read().endswith(_ENDED):
        return 0
    from anomalyctl.operations.rollout.environment_rollout import roll_back_detectors

    def say(text: str) -> None:
        sys.stdout.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {text}\n")
        sys.stdout.flush()

    say("the rollout was killed")
    return 0 if bring_back(sys.argv[1], roll_back_detectors, say=say) else 1


if __name__ == "__main__":
    sys.exit(main())
