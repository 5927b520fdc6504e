"""Move an environment's state into the storage account that environments.toml means."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from anomalyctl.azure.backend import backend_configuration, read_backend_file, write_backend_file
from anomalyctl.errors import AnomalyctlError, NotFound, PreconditionFailed
from anomalyctl.operations.infrastructure.place import Place, find_place
from anomalyctl.operations.infrastructure.stage import Request, Stage
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.state import State, read_state


@dataclass(frozen=True, slots=True)
class Migrated:
    """A state in its new home. `changed` is false where it was there already."""

    environment: str
    source: str
    target: str
    serial: int
    lineage: str
    resources: int
    changed: bool
    backup: str
    """Name of the copy that is kept on this machine; empty where nothing was moved."""
    run: str


@dataclass(frozen=True, slots=True)
class _Source:
    name: str
    text: bytes
    state: State


def migrate_state(
    request: Request,
    *,
    confirm: Callable[[str], None],
    source: Path | None = None,
    environ: Mapping[str, str] | None = None,
    watcher: Watcher = UNWATCHED,
) -> Migrated:
    """Copy the state into the environment's own backend, compare, and work from there from now on.

    The source is a state file where `source` names one; else the account that was written down before
    environments.toml named another; else a local state in the Terraform folder. The source stays as it is.
    `confirm` is asked with a sentence and raises Declined. Raises NotFound where there is no source,
    PreconditionFailed where another state is in the target, and what Terraform fails with. When anything
    fails, the backend that was written down before stays.
    """
    environ = os.environ if environ is None else environ
    place = find_place(request.environment, request.root, environ)
    if not place.ours:
        raise PreconditionFailed(
            f"{place.source} has a backend of its own.", hint="Move it by hand: terraform init -migrate-state"
        )
    wanted = backend_configuration(place.environment, environ)
    found = _source(place, request, source, wanted, environ, watcher)
    target = f"{wanted['storage_account_name']}/{wanted['container_name']}/{wanted['key']}"
    confirm(
        f"Copy the state of {place.environment.name} (serial {found.state.serial}, "
        f"{len(found.state.addresses)} resources) from {found.name} to {target}?"
    )
    with (
        _written_down(place, wanted),
        stage(
            "state migrate", request, watcher, make_workspace=True, force_init=True, environ=environ
        ) as prepared,
    ):
        backup = prepared.backups.keep(found.text, serial=found.state.serial, now=prepared.clock())
        changed = _push(prepared, found, backup.path, target)
        after, _ = prepared.pull()
        if (after.lineage, after.addresses) != (found.state.lineage, found.state.addresses):
            raise AnomalyctlError(
                f"The state in {target} is not the one that was copied.",
                hint=f"The source is as it was; its copy is {backup.path}.",
            )
        return Migrated(
            environment=place.environment.name,
            source=found.name,
            target=target,
            serial=after.serial,
            lineage=after.lineage,
            resources=len(after.addresses),
            changed=changed,
            backup=backup.name if changed else "",
            run=prepared.run.id,
        )


def _source(
    place: Place,
    request: Request,
    named: Path | None,
    wanted: Mapping[str, str],
    environ: Mapping[str, str],
    watcher: Watcher,
) -> _Source:
    if named is not None:
        return _file(named)
    kept = read_backend_file(place.project, place.environment)
    if kept and _home(kept) != _home(wanted):
        with stage("state migrate", request, watcher, force_init=True, environ=environ) as prepared:
            state, text = prepared.pull()
        return _Source("/".join(_home(kept)), text, state)
    local = _local_state(place)
    if local is None:
        raise NotFound(
            f"There is no state of {place.environment.name} to move: it is kept in "
            f"{'/'.join(_home(wanted))}, and no local one was found.",
            hint=f"Name a file: anomalyctl state migrate FILE --env {place.environment.name}",
        )
    return _file(local)


def _push(prepared: Stage, found: _Source, copy: Path, target: str) -> bool:
    present, text = prepared.pull()
    if present.lineage == found.state.lineage and present.serial >= found.state.serial:
        if present.addresses == found.state.addresses:
            return False
        raise PreconditionFailed(
            f"{target} holds a newer state of the same environment (serial {present.serial}).",
            hint="Nothing was changed. See: anomalyctl state list",
        )
    blank = not _holds_anything(text)
    if present.lineage and present.lineage != found.state.lineage and not blank:
        raise PreconditionFailed(
            f"{target} holds another state already, with {len(present.addresses)} resources.",
            hint="Nothing was changed. Give this system a key of its own: state.key in environments.toml.",
        )
    # A workspace that was just made has a lineage of its own, and Terraform wants to be told.
    prepared.check(prepared.terraform.push_state(copy.resolve(), force=blank))
    return True


@contextmanager
def _written_down(place: Place, wanted: Mapping[str, str]) -> Iterator[None]:
    """The wanted backend in the environment's file; what was there before, where the block fails."""
    before = read_backend_file(place.project, place.environment)
    write_backend_file(place.project, place.environment, wanted)
    try:
        yield
    except BaseException:
        if before is not None:
            write_backend_file(place.project, place.environment, before)
        raise


def _file(path: Path) -> _Source:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise NotFound(f"{path} cannot be read: {error.strerror}.") from None
    state = read_state(text)
    if not state.lineage:
        raise PreconditionFailed(f"{path} holds no state.", hint="Name a file written by `state pull`.")
    return _Source(str(path), text, state)


def _local_state(place: Place) -> Path | None:
    """What Terraform keeps beside the configuration without a backend."""
    candidates = (
        place.source / "terraform.tfstate.d" / place.workspace / "terraform.tfstate",
        place.source / "terraform.tfstate",
    )
    return next((path for path in candidates if path.is_file()), None)


def _home(configuration: Mapping[str, str]) -> tuple[str, str, str]:
    return (
        configuration.get("storage_account_name", ""),
        configuration.get("container_name", ""),
        configuration.get("key", ""),
    )


def _holds_anything(text: bytes) -> bool:
    if not text.strip():
        return False
    body = json.loads(text)
    return bool(body.get("resources") or body.get("outputs"))
