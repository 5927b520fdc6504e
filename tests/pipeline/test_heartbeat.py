"""The end of a lease's heartbeat: waited for also where Ctrl-C breaks in, and the lease given back."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

from anomalyctl.pipeline.heartbeat import Heartbeat
from anomalyctl.stores.leases import Lease


class SlowLeases:
    """Renewing lasts until it is let go; what is given back is noted."""

    def __init__(self) -> None:
        self.renewing, self.let_go = threading.Event(), threading.Event()
        self.given_back: list[str] = []

    def renew(self, lease: Lease, *, ttl_s: float) -> bool:
        self.renewing.set()
        return self.let_go.wait(20)

    def release(self, lease: Lease) -> None:
        self.given_back.append(lease.name)


@pytest.fixture
def leases() -> Any:
    made = SlowLeases()
    yield made
    made.let_go.set()


def test_ctrl_c_while_the_last_renewal_is_waited_for_gives_the_lease_back(
    leases: Any, heeding_ctrl_c: None
) -> None:
    heart = Heartbeat(leases, Lease("drain", "token", 1), ttl_s=0.06)

    def leave_and_press() -> None:
        with heart:
            leases.renewing.wait(10)
            threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        leave_and_press()
    assert leases.given_back == ["drain"]


def test_the_lease_is_given_back_only_after_the_renewal_under_way(leases: Any) -> None:
    before: list[str] = []

    def let_go() -> None:
        before.extend(leases.given_back)
        leases.let_go.set()

    with Heartbeat(leases, Lease("drain", "token", 1), ttl_s=0.06):
        leases.renewing.wait(10)
        threading.Timer(0.2, let_go).start()
    assert (before, leases.given_back) == ([], ["drain"])
