"""Killed, stopped, refused, flooded: what was accepted has its verdict or its dead letter, once."""

from __future__ import annotations

import random
import signal
import time
from typing import Any

import pytest

from tests.support.shaken import PARTS, Shaken, quiet_rows

pytestmark = pytest.mark.timeout(240)
JUDGED_WITHIN_S = 90


def test_every_part_killed_at_a_random_moment(shaken: Shaken) -> None:
    dice = random.Random(20261120)
    sources, broken = {}, {}
    for name in ("killed-1", "killed-2"):
        sources[name], broken[name] = quiet_rows(name, 400, seed=len(name), malformed=0.01)
    with shaken.load(sources, pause_s=0.3):
        for part in dice.sample(PARTS, len(PARTS)):
            time.sleep(dice.uniform(0.3, 1.2))
            shaken.wait_until(lambda part=part: shaken.kill(part), 30)  # type: ignore[misc]
    shaken.wait_until_judged(JUDGED_WITHIN_S)
    balance = shaken.balance(sources, broken)
    assert balance.holds, balance.told()
    assert balance.dead_letters == sum(map(len, broken.values())) > 0


def test_cosmos_refuses_is_cut_off_and_loses_its_answers(shaken: Shaken) -> None:
    # Never three in a row: the breaker's 30 s of rest are for the long form.
    faults: list[dict[str, Any]] = [
        {"status": 429, "count": 2, "retry_after_ms": 20},
        {"status": 503},
        {"status": 412},
        {"cut": True},
        {"cut": True, "applied": True},
    ]
    rows, broken = quiet_rows("refused", 150, malformed=0.02)
    shaken.wait_until(shaken.all_well, 60)
    with shaken.load({"refused": rows}, pause_s=0.4):
        for fault in faults:
            shaken.refuse(**fault, path="docs")
            time.sleep(0.7)
    shaken.wait_until_judged(JUDGED_WITHIN_S)
    assert shaken.struck() == 6, "each fault was met"
    shaken.refuse(clear=True)
    balance = shaken.balance({"refused": rows}, {"refused": broken})
    assert balance.holds, balance.told()


def test_detectors_that_hang_for_a_while(shaken: Shaken) -> None:
    rows, broken = quiet_rows("hung", 120, malformed=0.01)
    shaken.wait_until(shaken.all_well, 60)
    with shaken.load({"hung": rows}, pause_s=0.1):
        assert shaken.signal("detectors", signal.SIGSTOP)
        time.sleep(2)
        assert shaken.signal("detectors", signal.SIGCONT)
    shaken.wait_until_judged(JUDGED_WITHIN_S)
    balance = shaken.balance({"hung": rows}, {"hung": broken})
    assert balance.holds, balance.told()


def test_a_flood_of_duplicates(shaken: Shaken) -> None:
    rows, broken = quiet_rows("flooded", 100, malformed=0.02)
    shaken.wait_until(shaken.all_well, 60)
    shaken.send("flooded", rows, repeats=8)
    shaken.wait_until_judged(JUDGED_WITHIN_S)
    balance = shaken.balance({"flooded": rows}, {"flooded": broken})
    assert balance.holds, balance.told()


def test_clocks_that_are_set_ahead_and_right_again(shaken: Shaken) -> None:
    rows, broken = quiet_rows("hurried", 200, malformed=0.01)
    shaken.wait_until(shaken.all_well, 60)
    with shaken.load({"hurried": rows}, pause_s=0.3):
        for part, off_s in (("functions", 7_200), ("detectors", -3_600), ("cosmos", 600)):
            shaken.set_clock(part, off_s)
            time.sleep(0.5)
        for part in ("cosmos", "functions", "detectors"):
            shaken.set_clock(part, 0)
            time.sleep(0.5)
    shaken.wait_until_judged(JUDGED_WITHIN_S)
    balance = shaken.balance({"hurried": rows}, {"hurried": broken})
    assert balance.holds, balance.told()


def test_a_clock_that_is_set_back_keeps_what_seems_early_for_later(shaken: Shaken) -> None:
    rows, _ = quiet_rows("put-off", 60)
    shaken.wait_until(shaken.all_well, 60)
    shaken.send("put-off", rows[:20])
    shaken.wait_until_judged(JUDGED_WITHIN_S)
    # Together, as on one machine: Cosmos DB refuses a request whose date is a quarter of an hour off its own.
    for part in ("cosmos", "functions"):
        shaken.set_clock(part, -7_200)
    time.sleep(0.5)
    shaken.send("put-off", rows[20:])
    shaken.wait_until_judged(JUDGED_WITHIN_S)
    for part in ("cosmos", "functions"):
        shaken.set_clock(part, 0)
    time.sleep(0.5)
    letters = shaken.command.document("dead-letters", "list", "--source", "put-off")
    assert letters
    assert {letter["kind"] for letter in letters} == {"early"}
    shaken.command.document("dead-letters", "retry", "--all", "--source", "put-off", "--yes")
    shaken.wait_until_judged(JUDGED_WITHIN_S)
    balance = shaken.balance({"put-off": rows})
    assert (balance.verdicts, balance.missing, balance.twice) == (60, [], []), balance.told()


def test_operators_see_retry_and_purge_what_has_no_verdict(shaken: Shaken) -> None:
    rows, broken = quiet_rows("seen", 60, malformed=0.05)
    shaken.wait_until(shaken.all_well, 60)
    shaken.send("seen", rows)
    shaken.wait_until_judged(JUDGED_WITHIN_S)
    letters = shaken.command.document("dead-letters", "list", "--source", "seen")
    assert len(letters) == len(broken) > 0
    assert shaken.command.document("status")["dead_letters"] >= len(letters)
    shown = shaken.command.document("dead-letters", "show", letters[0]["id"])
    assert shown["payload"].encode() in [payload for _, payload in rows]
    retried = shaken.command.document("dead-letters", "retry", letters[0]["id"])
    assert retried["done"] == 1
    shaken.wait_until_judged(JUDGED_WITHIN_S)
    again = shaken.command.document("dead-letters", "show", letters[0]["id"])
    assert (again["letter"]["attempts"], again["letter"]["state"]) == (2, "waiting")
    purged = shaken.command.document("dead-letters", "purge", "--all", "--source", "seen", "--yes")
    assert purged["done"] == len(letters)
    assert shaken.command.document("dead-letters", "list", "--source", "seen") == []
