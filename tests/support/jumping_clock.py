"""Runs a Python module as `python -m` would, with a wall clock that stands off by the seconds in a file.

`python jumping_clock.py FILE -m MODULE ARGUMENTS…`. Durations (the monotonic clock) are left alone, as
they are when an operator or a time server sets a machine's clock.
"""

from __future__ import annotations

import runpy
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import time_machine

_LOOK_EVERY_S: Final = 0.05


def main() -> None:
    """Follow the file from a thread, and be the module."""
    file, flag, module = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    assert flag == "-m", "only modules can be run"
    threading.Thread(target=_follow, args=(file,), daemon=True).start()
    sys.argv = [module, *sys.argv[4:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _follow(file: Path) -> None:
    boot = time.time() - time.monotonic()
    off, travelling = 0.0, None
    while True:
        wanted = float(file.read_text() or 0)
        if wanted != off:
            true_now = datetime.fromtimestamp(boot + time.monotonic(), UTC)
            if travelling is not None:
                travelling.stop()
            travelling = time_machine.travel(true_now + timedelta(seconds=wanted), tick=True)
            travelling.start()
            off = wanted
        time.sleep(_LOOK_EVERY_S)


if __name__ == "__main__":
    main()
