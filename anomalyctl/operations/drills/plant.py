"""An environment of a drill's own: the user's `local` is neither stopped nor touched."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Collection
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from anomalyctl.environments import environment_named
from anomalyctl.errors import AnomalyctlError, TimedOut
from anomalyctl.local import control
from anomalyctl.local.environment import read_connections
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.state import read_state
from anomalyctl.operations.connections import LocalConnections
from anomalyctl.operations.drills.model import DrillBalance
from anomalyctl.operations.progress import Progress
from anomalyctl.processes.parent_death import end_with_parent
from anomalyctl.project import Project
from anomalyctl.stores.anomalies.schema import ANOMALY_RESULTS, UNRESOLVED
from anomalyctl.telemetry.faults import inject, parse_fault
from anomalyctl.telemetry.registry import built_in_registry
from anomalyctl.telemetry.simulator import simulate
from anomalyctl.telemetry.times import epoch_ms
from anomalyctl.telemetry.validation import encode_reading

SOURCE: Final = "drill"
STEP: Final = timedelta(seconds=10)
_LIMIT_S: Final = 180.0
_LOOK_S: Final = 0.2


class DrillPlant:
    """A running environment with readings in it."""

    def __init__(self, home: Path, progress: Progress) -> None:
        self.home = home
        self.project = Project(home, home / ".anomalyctl")
        self.folder = LocalFolder(self.project.local)
        self.progress = progress
        self.sent: set[int] = set()

    def type(self, line: str, exits: Collection[int] = (0,)) -> None:
        """Run a command line of ours in the drill's environment, and wait for its end.

        Raises AnomalyctlError with its last words where it ends otherwise than by `exits`, TimedOut.
        """
        environ = {**os.environ, "ANOMALYCTL_PROJECT": str(self.home), "ANOMALYCTL_NO_DASHBOARD": "1"}
        try:
            done = subprocess.run(
                [sys.executable, "-P", "-m", *shlex.split(line)],
                cwd=self.home,
                env=environ,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=_LIMIT_S,
                preexec_fn=end_with_parent(signal.SIGTERM),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise TimedOut(
                f"`{line}` is not done after {_LIMIT_S:.0f} s.", hint=f"Look into {self.folder.logs}"
            ) from None
        if done.returncode not in exits:
            said = " ".join((done.stderr or done.stdout).split())[-300:]
            raise AnomalyctlError(f"`{line}` ended with {done.returncode}: {said}")

    def bring_up(self) -> None:
        """Deploy, or heal; without the dashboard."""
        self.type("anomalyctl deploy --env local")
        self.connect()

    def connect(self) -> None:
        """Reach what was deployed; anew after each deploy."""
        environment = environment_named(self.project, "local")
        self.reach = LocalConnections(self.project, environment, read_connections(self.project.state))

    def send(self, start: datetime, count: int, *, fault: str = "") -> None:
        """`count` simulated readings from `start`, in order; what Redis acknowledges is accepted."""
        rows = _rows(start, count, fault)
        for at in range(0, len(rows), 60):
            self.reach.readings.append(SOURCE, rows[at : at + 60], origin="simulated")
            self.sent.update(ms for ms, _ in rows[at : at + 60])

    def keep_for_later(self, start: datetime, count: int, name: str) -> None:
        """Readings that the sender keeps in a file, as `ingest` takes it, because nothing answers."""
        rows = _rows(start, count, "")
        (self.home / name).write_bytes(b"".join(payload + b"\n" for _, payload in rows))
        self.sent.update(ms for ms, _ in rows)

    def kill(self, *parts: str) -> None:
        """SIGKILL."""
        state = read_state(self.folder)
        for part in parts:
            found = state.part(part) if state else None
            if found and found.process:
                os.kill(found.process.pid, signal.SIGKILL)

    def kill_everything(self) -> None:
        """The supervisor first, so that nothing is started again; then all parts."""
        state = read_state(self.folder)
        if state is None:
            return
        os.kill(state.process.pid, signal.SIGKILL)
        self.kill(*(part.name for part in state.parts))

    def wait_until_judged(self) -> None:
        """Until every part is well and nothing waits. Raises TimedOut."""
        self.wait(lambda: self._well() and self._nothing_waits(), "the readings were not judged")

    def wait(self, come: Callable[[], bool], failure: str) -> None:
        """Look until it is so, for three minutes at most. Raises TimedOut with the sentence."""
        end = time.monotonic() + _LIMIT_S
        while not come():
            if time.monotonic() > end:
                raise TimedOut(f"After {_LIMIT_S:.0f} s {failure}.", hint=f"Look into {self.folder.logs}")
            time.sleep(_LOOK_S)

    def copy_database(self, target: Path) -> None:
        """A point in time of the database, as Azure's continuous backup keeps every second of."""
        with (
            closing(sqlite3.connect(self._database)) as source,
            closing(sqlite3.connect(target)) as copy,
        ):
            source.backup(copy)

    def restore_database(self, copy: Path) -> None:
        """Stop everything, put the copy in the database's place, and start again."""
        control.stop_supervisor(self.folder)
        for leftover in self._database.parent.glob(f"{self._database.name}*"):
            leftover.unlink()
        shutil.copyfile(copy, self._database)
        self._database.chmod(0o600)
        self.bring_up()

    def delete_by_mistake(self, start: datetime, end: datetime) -> None:
        """Verdicts of a span and all episodes, gone. Raises AnomalyctlError where there are none."""
        store = self.reach.anomalies
        doomed = {
            ANOMALY_RESULTS: [(one["id"], one["source_day"]) for one in store.verdicts(SOURCE, start, end)],
            UNRESOLVED: [(one["id"], one["anomaly_id"]) for one in store.episodes_since(SOURCE, 0)],
        }
        for name, documents in doomed.items():
            container = store.database.get_container_client(name)
            for item, partition in documents:
                container.delete_item(item, partition_key=partition)
        if not all(doomed.values()) or self.episodes():
            raise AnomalyctlError("The drill could not delete what is to be restored.")

    def episodes(self) -> int:
        """Open or resolved."""
        return len(self.reach.anomalies.episodes_since(SOURCE, 0))

    def balance(self, episodes_before: int) -> DrillBalance:
        """What was accepted against what is kept."""
        store = self.reach.anomalies
        query = "SELECT VALUE c.id FROM c WHERE STARTSWITH(c.source_day, @source)"
        ids = [
            int(str(one).rpartition(":")[2])
            for one in store.query(ANOMALY_RESULTS, query, {"source": SOURCE})
        ]
        letters = sum(1 for one in store.select_dead_letters([], {}) if one["source"] == SOURCE)
        return DrillBalance(
            accepted=len(self.sent),
            verdicts=len(ids),
            dead_letters=letters,
            lost=max(len(self.sent - set(ids)) - letters, 0),
            twice=len(ids) - len(set(ids)),
            episodes_before=episodes_before,
            episodes_after=self.episodes(),
        )

    @property
    def _database(self) -> Path:
        return self.folder.cosmos / "cosmos.sqlite3"

    def _well(self) -> bool:
        state = read_state(self.folder)
        return state is not None and state.all_healthy

    def _nothing_waits(self) -> bool:
        try:
            backlog = self.reach.readings.backlog()
        except AnomalyctlError:
            return False
        return (backlog.queued, backlog.pending) == (0, 0)


def _rows(start: datetime, count: int, fault: str) -> list[tuple[int, bytes]]:
    registry = built_in_registry()
    telemetry = simulate(registry, seed=7, start=start, count=count, source=SOURCE)
    if fault:
        telemetry, _ = inject(telemetry, [parse_fault(fault)], registry)
    return [(epoch_ms(one.timestamp), encode_reading(one)) for one in telemetry.readings()]
