"""SIGTERM to each part under load: it ends within 25 s, hands back what it held, and nothing is lost."""

from __future__ import annotations

import signal
import time

import psutil
import pytest

from tests.support.shaken import PARTS, Shaken, quiet_rows

pytestmark = pytest.mark.timeout(240)
ENDS_WITHIN_S = 25.0


def test_each_part_ends_in_time_and_hands_back_what_it_holds(shaken: Shaken) -> None:
    rows, broken = quiet_rows("stopped", 300, malformed=0.01)
    shaken.wait_until(shaken.all_well, 60)
    with shaken.load({"stopped": rows}, pause_s=0.2):
        for part in PARTS:
            process = psutil.Process(_pid(shaken, part))
            assert shaken.signal(part, signal.SIGTERM)
            process.wait(ENDS_WITHIN_S)
            shaken.start_again()
            shaken.wait_until(shaken.all_well, 60)
    shaken.wait_until_judged(90)
    balance = shaken.balance({"stopped": rows}, {"stopped": broken})
    assert balance.holds, balance.told()


def test_the_functions_end_in_time_with_a_call_that_hangs(shaken: Shaken) -> None:
    rows, broken = quiet_rows("held", 80)
    shaken.wait_until(shaken.all_well, 60)
    assert shaken.signal("detectors", signal.SIGSTOP)
    try:
        shaken.send("held", rows)
        time.sleep(1)
        process = psutil.Process(_pid(shaken, "functions"))
        began = time.monotonic()
        assert shaken.signal("functions", signal.SIGTERM)
        process.wait(ENDS_WITHIN_S)
        assert time.monotonic() - began < ENDS_WITHIN_S
        assert shaken.readings.leases.holder("readings") is None, "nobody waits for a lease of the dead"
        backlog = shaken.readings.backlog()
        assert backlog.queued + backlog.pending == len(rows), "handed back, not lost"
    finally:
        shaken.signal("detectors", signal.SIGCONT)
    shaken.start_again()
    shaken.wait_until(shaken.all_well, 60)
    shaken.wait_until_judged(90)
    balance = shaken.balance({"held": rows}, {"held": broken})
    assert balance.holds, balance.told()


def _pid(shaken: Shaken, part: str) -> int:
    pid = shaken.pid(part)
    assert pid is not None
    return pid
