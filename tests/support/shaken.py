"""The environment `local` under load, its parts killed, stopped and refused; and the balance after that."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson

from anomalyctl.errors import AnomalyctlError
from anomalyctl.local import control
from anomalyctl.local.disk import read_json
from anomalyctl.local.environment import COSMOS, connections
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.part import Part, parts_from_mapping
from anomalyctl.local.ports import load_ports
from anomalyctl.local.secrets_file import load_secrets
from anomalyctl.local.state import read_state
from anomalyctl.local.surroundings import ask_loopback_directly
from anomalyctl.pipeline.dead_letters import decode_payload
from anomalyctl.stores.anomalies import AnomalyStore
from anomalyctl.stores.connections import connect_redis
from anomalyctl.stores.cosmos import connect_cosmos
from anomalyctl.stores.readings import ReadingStore
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import epoch_ms
from tests.support import jumping_clock
from tests.support.command_line import CommandLine

PARTS = ("valkey", "cosmos", "detectors", "functions")
CHUNK = 20
Rows = list[tuple[int, bytes]]


def quiet_rows(source: str, count: int, *, seed: int = 7, malformed: float = 0.0) -> tuple[Rows, set[int]]:
    """Readings of the core tags up to now, and the times of those that were broken on purpose."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=10 * (count + 1))
    registry, dice = built_in_registry(), random.Random(seed)
    rows, broken = [], set()
    for reading in simulate(registry, seed=seed, start=start, count=count, source=source).readings():
        ms = epoch_ms(reading.timestamp)
        values: dict[str, Any] = {tag: reading.values[tag] for tag in registry.core}
        if dice.random() < malformed:
            broken.add(ms)
            values.pop(dice.choice(registry.core))
        stamp = reading.timestamp.isoformat().replace("+00:00", "Z")
        rows.append((ms, orjson.dumps({"timestamp": stamp, **values})))
    return rows, broken


@dataclass
class Balance:
    """Accepted readings against what became of them."""

    accepted: int
    verdicts: int
    dead_letters: int
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    out_of_order: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Nothing lost, nothing twice, nothing out of order."""
        wrong = (self.missing, self.unexpected, self.twice, self.out_of_order)
        return self.accepted == self.verdicts + self.dead_letters and not any(wrong)

    def told(self) -> str:
        """Two lines."""
        wrong = {
            name: len(getattr(self, name)) for name in ("missing", "unexpected", "twice", "out_of_order")
        }
        return (
            f"{self.accepted:,} accepted = {self.verdicts:,} verdicts + {self.dead_letters:,} dead letters: "
            f"{'holds' if self.holds else 'DOES NOT HOLD'}\n"
            + ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in wrong.items())
        )


class Shaken:
    """A running environment; the Cosmos endpoint's faults and, where asked, the parts' clocks are at hand."""

    def __init__(self, root: Path, *, clocks: bool = False) -> None:
        root.mkdir(parents=True, exist_ok=True)
        parts_with_clocks = ("cosmos", "detectors", "functions") if clocks else ()
        self._clocks = {part: root / f"clock-of-{part}" for part in parts_with_clocks}
        self.command = CommandLine(root)
        self.command.document("deploy", "--yes")
        self.folder = LocalFolder(root / ".anomalyctl" / "local")
        parts = parts_from_mapping(read_json(self.folder.plan) or {})
        control.stop_supervisor(self.folder)
        for clock in self._clocks.values():
            clock.write_text("0")
        control.start_supervisor(self.folder, tuple(map(self._at_hand, parts)))
        ports, secrets = load_ports(self.folder), load_secrets(self.folder)
        assert secrets is not None
        reach = connections(ports, secrets)
        ask_loopback_directly(os.environ)
        self.wait_until(self.all_well, 60)
        self.readings = ReadingStore(connect_redis(reach.redis_connection_string))
        self.anomalies = AnomalyStore(connect_cosmos(reach.cosmos_connection_string))
        self._faults = f"http://127.0.0.1:{ports[COSMOS]}/_faults"

    def _at_hand(self, part: Part) -> Part:
        argv = (*part.argv, "--faults") if part.name == COSMOS else part.argv
        if part.name in self._clocks:
            argv = (argv[0], jumping_clock.__file__, str(self._clocks[part.name]), *argv[1:])
        return replace(part, argv=argv)

    def set_clock(self, part: str, off_s: float) -> None:
        """Have a part's wall clock stand off by so many seconds; it jumps within a twentieth of one."""
        self._clocks[part].write_text(str(off_s))

    def end(self) -> None:
        """Stop everything and delete it."""
        self.anomalies.close()
        self.command("destroy", "--yes")

    def all_well(self) -> bool:
        """Each part answers its probe."""
        state = read_state(self.folder)
        return state is not None and state.all_healthy

    def pid(self, part: str) -> int | None:
        """Of the process that runs now."""
        state = read_state(self.folder)
        found = state.part(part) if state else None
        return found.process.pid if found and found.process else None

    def signal(self, part: str, number: int) -> bool:
        """Send a signal to a part; False when it is down at the moment."""
        pid = self.pid(part)
        if pid is None:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def kill(self, part: str) -> bool:
        """SIGKILL, and have the supervisor start it again at once."""
        killed = self.signal(part, signal.SIGKILL)
        self.start_again()
        return killed

    def start_again(self) -> None:
        """Have the supervisor start at once what has ended, as often as it was killed."""
        state = read_state(self.folder)
        if state is not None:
            control.retry_now(state)

    def refuse(self, **fault: Any) -> None:
        """Order a fault of the Cosmos endpoint; see anomalyctl/local/cosmos/faults.py."""
        httpx.post(self._faults, json=fault, trust_env=False, timeout=10).raise_for_status()

    def struck(self) -> int:
        """How often ordered faults have struck."""
        found = httpx.get(self._faults, trust_env=False, timeout=10).json()
        return sum(int(each.get("struck", 0)) for each in found.get("waiting", found.get("faults", [])))

    def send(self, source: str, rows: Rows, *, pause_s: float = 0.0, repeats: int = 1) -> None:
        """Send in order, each chunk until Redis has taken it: what was acknowledged is accepted."""
        for at in range(0, len(rows), CHUNK):
            for _ in range(repeats):
                self._until_taken(source, rows[at : at + CHUNK])
            time.sleep(pause_s)

    def _until_taken(self, source: str, chunk: Rows, within_s: float = 120) -> None:
        deadline = time.monotonic() + within_s
        while True:
            try:
                self.readings.append(source, chunk, origin="simulated")
                return
            except AnomalyctlError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    @contextmanager
    def load(self, sources: dict[str, Rows], *, pause_s: float) -> Iterator[None]:
        """Send all sources side by side while the block runs; leaves once all is sent."""
        failures: list[BaseException] = []

        def send(source: str, rows: Rows) -> None:
            try:
                self.send(source, rows, pause_s=pause_s)
            except BaseException as error:  # noqa: BLE001 - raised below, in the thread that waits
                failures.append(error)

        threads = [threading.Thread(target=send, args=each) for each in sources.items()]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            for thread in threads:
                thread.join()
        if failures:
            raise failures[0]

    def wait_until_judged(self, within_s: float) -> None:
        """Wait until nothing is queued or pending."""
        self.wait_until(self._nothing_waits, within_s)

    def wait_until(self, come: Callable[[], bool], within_s: float) -> None:
        """Look until it is so."""
        deadline = time.monotonic() + within_s
        while not come():
            assert time.monotonic() < deadline, f"not within {within_s:g} s: {self.command('status').stdout}"
            time.sleep(0.2)

    def _nothing_waits(self) -> bool:
        try:
            backlog = self.readings.backlog()
        except AnomalyctlError:
            return False
        return (backlog.queued, backlog.pending) == (0, 0)

    def balance(self, sources: dict[str, Rows], broken: dict[str, set[int]] | None = None) -> Balance:
        """What was accepted against what Cosmos holds: broken readings are letters, all others verdicts."""
        broken = broken or {}
        letters = self._letters(sources)
        found = Balance(0, 0, len(letters))
        for source, rows in sources.items():
            wrong = broken.get(source, set())
            expected = {f"{source}:{ms}" for ms, _ in rows if ms not in wrong}
            documents = self._verdicts(source)
            ids = [str(document["id"]) for document in documents]
            found.accepted += len(rows)
            found.verdicts += len(ids)
            found.twice += (
                [each for each in set(ids) if ids.count(each) > 1] if len(ids) > len(set(ids)) else []
            )
            found.missing += sorted(expected - set(ids))
            found.missing += [f"{source}:{ms}" for ms, raw in rows if ms in wrong and raw not in letters]
            found.unexpected += sorted(set(ids) - expected)
            found.out_of_order += [str(each["id"]) for each in documents if each["late"]]
        return found

    def _letters(self, sources: dict[str, Rows]) -> set[bytes]:
        """Payloads, each once: a chunk sent again after a lost answer has its broken reading twice."""
        heads = self.anomalies.select_dead_letters([], {})
        return {
            decode_payload(self.anomalies.dead_letter(head["id"]) or {})
            for head in heads
            if head["source"] in sources
        }

    def _verdicts(self, source: str) -> Sequence[dict[str, Any]]:
        query = "SELECT c.id, c.explanation.late AS late FROM c WHERE STARTSWITH(c.source_day, @source)"
        return list(self.anomalies.query("anomaly_results", query, {"source": f"{source}:"}))
