"""`make soak`: parts of a real environment are killed again and again under load; the balance is printed.

Now and then Cosmos refuses, the detectors hang, or the sources are spread over another number of queues.

`python -m tests.soak.kills --kills 100 --readings 50000 --seed 7` exits 1 when the balance does not hold.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from tests.support.shaken import PARTS, Shaken, quiet_rows

SOURCES = 4
DEADLINE_S = 23 * 60
STOPPED_S = 4.0


def main() -> int:
    """Shake, then count."""
    options = _parser().parse_args()
    # Nothing here looks at the dashboard, and a build of it takes half a minute.
    os.environ.setdefault("ANOMALYCTL_NO_DASHBOARD", "1")
    dice = random.Random(options.seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        shaken = Shaken(Path(folder) / "project")
        try:
            return _shake(shaken, options, dice, began)
        finally:
            shaken.end()


def _shake(shaken: Shaken, options: argparse.Namespace, dice: random.Random, began: float) -> int:
    each = -(-options.readings // SOURCES)
    sources, broken = {}, {}
    for number in range(1, SOURCES + 1):
        name = f"soak-{number}"
        sources[name], broken[name] = quiet_rows(name, each, seed=options.seed + number, malformed=0.01)
    _say(f"{each * SOURCES:,} readings of {SOURCES} sources, 1 % of them broken", began)
    kills: Counter[str] = Counter()
    sent = threading.Event()

    def torment() -> None:
        _torment(shaken, options, dice, began, kills, sent)

    tormentor = threading.Thread(target=torment)
    chunks = each / 20
    with shaken.load(sources, pause_s=options.minutes * 60 / chunks):
        tormentor.start()
    _say("all is sent", began)
    sent.set()
    tormentor.join()
    shaken.wait_until_judged(max(60.0, DEADLINE_S - (time.monotonic() - began)))
    _say("all is judged", began)
    balance = shaken.balance(sources, broken)
    seconds = time.monotonic() - began
    killed = ", ".join(f"{part} {count}" for part, count in sorted(kills.items()))
    _say(f"{sum(kills.values())} kills ({killed}) in {seconds / 60:.1f} min", began)
    _say(balance.told(), began)
    for name in ("missing", "unexpected", "twice", "out_of_order"):
        for reading in getattr(balance, name)[:5]:
            _say(f"{name}: {reading}", began)
    enough = sum(kills.values()) >= options.kills
    return 0 if balance.holds and enough else 1


def _torment(
    shaken: Shaken,
    options: argparse.Namespace,
    dice: random.Random,
    began: float,
    kills: Counter[str],
    sent: threading.Event,
) -> None:
    """Kill the parts in shuffled rounds, with lesser evils in between."""
    pause_s = options.minutes * 60 / options.kills
    while sum(kills.values()) < options.kills and time.monotonic() - began < DEADLINE_S - 120:
        for part in dice.sample(PARTS, len(PARTS)):
            time.sleep(dice.uniform(0.3, 1.7) * pause_s)
            try:
                _lesser_evil(shaken, dice)
            except Exception as error:  # noqa: BLE001 - the part may be down; killing goes on
                _say(f"not shaken this time: {type(error).__name__}", began)
            if shaken.kill(part):
                kills[part] += 1
            if sum(kills.values()) % 20 == 0:
                _say(f"{sum(kills.values())} kills", began)


def _lesser_evil(shaken: Shaken, dice: random.Random) -> None:
    match dice.randrange(8):
        case 0:
            status = dice.choice([429, 503, 412])
            shaken.refuse(status=status, count=dice.randrange(1, 4), path="docs", retry_after_ms=20)
        case 1:
            shaken.refuse(cut=True, applied=dice.random() < 0.5, count=dice.randrange(1, 3), path="docs")
        case 2 if shaken.signal("detectors", signal.SIGSTOP):
            time.sleep(STOPPED_S)
            shaken.signal("detectors", signal.SIGCONT)
        case 3 | 4:
            # The sources move to other queues while they have readings waiting.
            shaken.readings.places.want(dice.randrange(1, 5))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--readings", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--minutes", type=float, default=15.0, help="how long readings are sent")
    return parser


def _say(text: str, began: float) -> None:
    print(f"{time.monotonic() - began:7.1f} s  {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
