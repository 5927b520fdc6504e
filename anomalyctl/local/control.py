"""Starting, finding and stopping the supervisor, and ending what a dead one left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from anomalyctl.errors import AnomalyctlError, TimedOut
from anomalyctl.local.disk import explained, read_json, write_json
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.locks import holder, is_held
from anomalyctl.local.part import Part, digest, parts_from_mapping, parts_to_mapping
from anomalyctl.local.state import SupervisorState, read_state
from anomalyctl.processes.identity import ProcessIdentity, end_process, identify
from anomalyctl.processes.output import last_lines, open_output

_APPEARS_WITHIN_S = 10.0
_STOPS_WITHIN_S = 30.0
_POLL_S = 0.05
_ORPHAN_S = 3.0


def running_state(folder: LocalFolder) -> SupervisorState | None:
    """What the running supervisor says; None when none runs, whatever files a dead one left."""
    if not is_held(folder.supervisor_lock):
        return None
    deadline = time.monotonic() + _APPEARS_WITHIN_S
    while (state := read_state(folder)) is None or not state.process.alive():
        if time.monotonic() >= deadline or not is_held(folder.supervisor_lock):
            return None
        time.sleep(_POLL_S)
    return state


def start_supervisor(folder: LocalFolder, parts: tuple[Part, ...]) -> SupervisorState:
    """Start a supervisor for `parts`. Raises AnomalyctlError with its own words when it does not come up."""
    end_orphans(folder)
    write_json(folder.plan, parts_to_mapping(parts))
    log = folder.log_of("supervisor")
    with explained(log):
        output = open_output(log)
    try:
        started = subprocess.run(
            [sys.executable, "-P", "-m", "anomalyctl.local.supervisor", str(folder.root)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            check=False,
        )
    finally:
        os.close(output)
    state = running_state(folder) if started.returncode == 0 else None
    if state is None:
        raise AnomalyctlError(
            f"The supervisor did not start: {' '.join(last_lines(log, 1)) or 'it said nothing'}",
            hint="See: anomalyctl logs supervisor",
        )
    return state


def planned_parts(folder: LocalFolder) -> tuple[Part, ...]:
    """The parts that the last supervisor was given; none where there was none, or of another version."""
    try:
        return parts_from_mapping(read_json(folder.plan) or {"parts": []})
    except (KeyError, TypeError):
        return ()


def change_parts(folder: LocalFolder, state: SupervisorState, parts: tuple[Part, ...]) -> SupervisorState:
    """Have the running supervisor go on with `parts`: what is the same runs on. Raises AnomalyctlError where
    it ends meanwhile, TimedOut where it does not take them.
    """
    wanted = digest(parts)
    write_json(folder.plan, parts_to_mapping(parts))
    retry_now(state)
    deadline = time.monotonic() + _STOPS_WITHIN_S
    while (now := running_state(folder)) is not None and now.process == state.process:
        if now.plan == wanted:
            return now
        if time.monotonic() >= deadline:
            raise TimedOut(
                "The supervisor does not take the new parts.", hint="See: anomalyctl logs supervisor"
            )
        time.sleep(_POLL_S)
    raise AnomalyctlError("The supervisor ended.", hint="See: anomalyctl logs supervisor")


def retry_now(state: SupervisorState) -> None:
    """Have the supervisor start at once what waits for its next try."""
    if state.process.alive():
        os.kill(state.process.pid, signal.SIGHUP)


def stop_supervisor(folder: LocalFolder) -> None:
    """Stop all parts and the supervisor; nothing of them runs afterwards. Raises TimedOut when it cannot."""
    if is_held(folder.supervisor_lock):
        process = _supervisor(folder)
        if process is not None:
            end_process(process, grace_s=_STOPS_WITHIN_S)
        deadline = time.monotonic() + _APPEARS_WITHIN_S
        while is_held(folder.supervisor_lock):
            if time.monotonic() >= deadline:
                pid = holder(folder.supervisor_lock).pid
                raise TimedOut("The supervisor does not stop.", hint=f"End process {pid} by hand.")
            time.sleep(_POLL_S)
    end_orphans(folder)


def end_orphans(folder: LocalFolder) -> None:
    """End the processes of a supervisor that is gone, and forget its state."""
    state = read_state(folder)
    if state is not None:
        for part in reversed(state.parts):
            if part.process is not None:
                end_process(part.process, grace_s=_ORPHAN_S)
    with explained(folder.state):
        folder.state.unlink(missing_ok=True)


def _supervisor(folder: LocalFolder) -> ProcessIdentity | None:
    state = read_state(folder)
    if state is not None and state.process.alive():
        return state.process
    pid = holder(folder.supervisor_lock).pid
    return None if pid is None else identify(pid)
