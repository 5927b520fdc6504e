"""A child that ends with its parent, even when the parent was killed without a chance to say so."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

_PR_SET_PDEATHSIG = 1
_GONE = 125


def end_with_parent(signum: signal.Signals) -> Callable[[], None] | None:
    """A `preexec_fn` that asks the kernel to send `signum` when the starting *thread* ends; None off Linux.

    The kernel means the thread, not the process (prctl(2)): start such a child from a thread that lives as
    long as the child may. Where this is None, the owner's record of its children (`identity`) finds orphans.
    """
    libc = _libc()
    if libc is None:
        return None
    parent = os.getpid()

    def ask() -> None:
        # Everything that this needs was looked up before the fork: after it, only calls are safe.
        libc.prctl(_PR_SET_PDEATHSIG, int(signum), 0, 0, 0)
        if os.getppid() != parent:  # it died between the fork and the request
            os._exit(_GONE)

    return ask


def _libc() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl.argtypes = [ctypes.c_int, *([ctypes.c_ulong] * 4)]
    except (OSError, AttributeError):  # a C library without prctl
        return None
    return libc
