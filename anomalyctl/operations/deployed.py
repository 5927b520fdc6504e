"""What of an Azure environment stands: Terraform's outputs, ids and alert thresholds, kept beside the state.

One `terraform state pull` tells all of it, with the state's serial. What is kept holds no secret, and is read
again when the state has changed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import orjson

from anomalyctl.errors import AnomalyctlError, Locked, NotDeployed, PreconditionFailed
from anomalyctl.operations.deployed_state import AlertRule, Deployed, QueryRule, from_state
from anomalyctl.operations.infrastructure.place import Place, find_place
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher

_LAYOUT: Final = 2
_TRUSTED_S: Final = 60.0
"""So long after a look at the state nobody looks again, unless a run of ours began meanwhile."""
_WAITS: Final = 20
_WAIT_S: Final = 0.5


def deployed(
    environment_name: str,
    *,
    watcher: Watcher = UNWATCHED,
    environ: Mapping[str, str] | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    refresh: bool = False,
) -> Deployed:
    """What stands of an Azure environment; from the cache where the state has not changed.

    Raises NotDeployed where there is no state or no output, and what reading a state raises.
    """
    environ = os.environ if environ is None else environ
    place = find_place(environment_name, None, environ)
    kept = None if refresh else _kept(place)
    if kept is not None:
        if _looked_lately(place, clock()):
            return kept
        mark, trouble = _mark(place, environ)
        if trouble:
            return replace(kept, unchecked=trouble)
        if mark and mark == kept.mark:
            os.utime(_path(place))
            return kept
    return _read_alone(place, environ, watcher, sleep)


def forget(environment_name: str) -> None:
    """Have the state read again by whoever asks next."""
    _path(find_place(environment_name)).unlink(missing_ok=True)


def _read_alone(
    place: Place, environ: Mapping[str, str], watcher: Watcher, sleep: Callable[[float], None]
) -> Deployed:
    """Read the state; where another anomalyctl is at it, wait a little: it may be reading the same."""
    for _ in range(_WAITS):
        try:
            found = _read(place, environ, watcher)
        except Locked:
            sleep(_WAIT_S)
            if _path(place).is_file() and _looked_lately(place, time.time()) and (kept := _kept(place)):
                return kept
        else:
            _keep(place, found)
            return found
    found = _read(place, environ, watcher)
    _keep(place, found)
    return found


def _read(place: Place, environ: Mapping[str, str], watcher: Watcher) -> Deployed:
    from anomalyctl.operations.infrastructure.stage import Request
    from anomalyctl.operations.infrastructure.staging import stage

    name = place.environment.name
    with stage("output", Request(name), watcher, environ=environ) as prepared:
        mark, _ = _mark(place, environ)  # before the state: a change in between is seen the next time
        text = prepared.terraform.pull_state()
    found = from_state(text, name, mark)
    if not found.outputs:
        raise NotDeployed(f"{name} is not deployed.", hint=f"Run: anomalyctl deploy --env {name}")
    return found


def _path(place: Place) -> Path:
    return place.state / "outputs.json"


def _kept(place: Place) -> Deployed | None:
    """What was kept, None where there is nothing that can be used: a broken cache is only read anew."""
    try:
        body = orjson.loads(_path(place).read_bytes())
        if body.pop("layout") != _LAYOUT:
            return None
        body["alerts"] = tuple(AlertRule(**one) for one in body["alerts"])
        body["query_alerts"] = tuple(QueryRule(**one) for one in body["query_alerts"])
        return Deployed(**body)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _keep(place: Place, found: Deployed) -> None:
    import contextlib

    from anomalyctl.local.disk import write_private

    body = {**asdict(found), "layout": _LAYOUT}
    body.pop("unchecked")
    with contextlib.suppress(PreconditionFailed):  # a full disk: what was read serves, only not twice
        write_private(_path(place), orjson.dumps(body, option=orjson.OPT_INDENT_2))


def _looked_lately(place: Place, now: float) -> bool:
    looked = _path(place).stat().st_mtime
    try:
        began = place.runs.stat().st_mtime
    except OSError:
        began = 0.0
    return began <= looked and 0 <= now - looked < _TRUSTED_S


def _mark(place: Place, environ: Mapping[str, str]) -> tuple[str, str]:
    """The state's sign of change, and why it could not be had."""
    from anomalyctl.azure.backend import read_backend_file

    backend = read_backend_file(place.project, place.environment)
    if backend is None:
        return _mark_of_file(place), ""
    from anomalyctl.azure.session import open_session
    from anomalyctl.resilience.policies import STATE_BLOBS

    # A person waits, and what is kept serves as well: the state's storage may be out of reach from here.
    policy = replace(STATE_BLOBS.interactive(), timeout_s=5.0)
    try:
        with open_session(place.environment, environ) as session, session.state_blobs(policy) as blobs:
            return blobs.mark_of(place.workspace), ""
    except AnomalyctlError as error:
        return "", error.message


def _mark_of_file(place: Place) -> str:
    path = place.folder / "terraform.tfstate.d" / place.workspace / "terraform.tfstate"
    try:
        told = path.stat()
    except OSError:
        return ""
    return f"{told.st_mtime_ns}-{told.st_size}"
