"""Make one environment ready for Terraform: find it, be alone in it, note it in the ledger, initialise, and
select its workspace.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Final

from anomalyctl.azure.cloud import cloud_from
from anomalyctl.errors import AnomalyctlError, NotDeployed
from anomalyctl.operations.infrastructure.place import DEFAULT_WORKSPACE, Place, find_place
from anomalyctl.operations.infrastructure.room import room_in
from anomalyctl.operations.infrastructure.stage import Request, Stage
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.binary import find_terraform
from anomalyctl.provisioning.configuration import Configuration
from anomalyctl.provisioning.events import Event
from anomalyctl.provisioning.exclusive import alone
from anomalyctl.provisioning.ledger import Ledger, OpenRun
from anomalyctl.provisioning.run_ids import correlation_id
from anomalyctl.provisioning.surroundings import terraform_surroundings
from anomalyctl.provisioning.terraform import Terraform
from anomalyctl.provisioning.terraform_process import Watch
from anomalyctl.provisioning.working_copy import digest_of_setup

_NO_WORKSPACES: Final = "workspaces not supported"


@contextlib.contextmanager
def stage(
    command: str,
    request: Request,
    watcher: Watcher = UNWATCHED,
    *,
    make_workspace: bool = False,
    select: bool = True,
    force_init: bool = False,
    clock: Callable[[], datetime] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Stage]:
    """Prepare an environment for the block, and note in the ledger how it ended.

    With `make_workspace` a missing workspace is made, else NotDeployed is raised. Also raises
    UnknownEnvironment, MissingTool, Locked, PreconditionFailed and whatever `terraform init` fails with.
    """
    clock = clock or (lambda: datetime.now(UTC))
    environ = os.environ if environ is None else environ
    place = find_place(request.environment, request.root, environ)
    if place.ours:
        cloud_from(environ)  # a cloud that our files do not fit is refused before anything is done in it
    ledger = Ledger(place.runs, clock)
    with (
        room_in(place),
        alone(place.state / "in-use", environment=place.environment.name, command=command),
        ledger.run(command, place.environment.name, request.arguments) as run,
    ):
        place.refresh()
        prepared = _prepare(place, ledger, run, watcher, request, clock, environ)
        try:
            _initialise(prepared, force=force_init)
            if select:
                _select(prepared, make=make_workspace)
            yield prepared
        except AnomalyctlError as error:
            if not place.ours:  # what is typed next must name the root, too
                error.hint = error.hint.replace("--env ", f"--project {place.source} --env ")
            raise


def _prepare(
    place: Place,
    ledger: Ledger,
    run: OpenRun,
    watcher: Watcher,
    request: Request,
    clock: Callable[[], datetime],
    environ: Mapping[str, str],
) -> Stage:
    binary = find_terraform(
        environ,
        cache=place.project.state / "terraform-version",
        required=Configuration(place.folder).required_versions,
    )
    surroundings = terraform_surroundings(
        environ,
        data_dir=place.data_dir,
        correlation_id=correlation_id(run.id),
        subscription_id=place.subscription_id,
        tenant_id=place.environment.tenant_id,
    )
    for sentence in surroundings.sentences():
        watcher.warn(sentence)
    terraform = Terraform(
        binary=binary,
        folder=place.folder,
        surroundings=surroundings,
        environment=place.environment.name,
        run=run,
        lock_timeout_s=request.lock_timeout_s,
    )
    prepared = Stage(place, terraform, ledger, run, watcher, place.workspace, clock, environ)
    terraform.watch = Watch(
        event=lambda event: _heard(prepared, event),
        tick=lambda: watcher.tick(prepared.progression),
        notice=watcher.warn,
    )
    return prepared


def _heard(prepared: Stage, event: Event) -> None:
    moved = prepared.progression.take(event, monotonic())
    if moved is not None:
        if moved.state == "done" and moved.took_s is not None:
            prepared.run.note_safely(
                "resource",
                address=moved.address,
                resource_type=moved.resource_type,
                action=moved.action,
                elapsed_s=moved.took_s,
                id=moved.resource_id,
            )
        elif moved.state != "done":
            prepared.run.note_safely("resource_" + moved.state, address=moved.address, action=moved.action)
        prepared.watcher.moved(prepared.progression, moved)


def _initialise(prepared: Stage, *, force: bool) -> None:
    place = prepared.place
    backend_files = place.backend_files(prepared.environ)
    parts = [str(prepared.terraform.binary.path).encode(), str(place.folder).encode()]
    parts += [file.read_bytes() for file in backend_files]
    mark = place.state / "initialised"
    if not force and place.data_dir.is_dir() and _text(mark) == digest_of_setup(place.folder, also=parts):
        return
    prepared.watcher.step("Initialising Terraform: backend, providers, modules")
    prepared.check(prepared.terraform.init(backend_files=backend_files))
    mark.write_text(digest_of_setup(place.folder, also=parts), encoding="utf-8")


def _select(prepared: Stage, *, make: bool) -> None:
    wanted, terraform = prepared.workspace, prepared.terraform
    selected = _text(prepared.place.data_dir / "environment").strip() or DEFAULT_WORKSPACE
    if selected == wanted:
        return
    finished = terraform.select_workspace(wanted)
    if finished.ok:
        return
    told = " ".join(one.text for one in finished.diagnostics)
    if _NO_WORKSPACES in told:
        prepared.workspace = DEFAULT_WORKSPACE
        return
    if "doesn't exist" not in told and "does not exist" not in told:
        prepared.check(finished)
    if not make:
        raise NotDeployed(
            f"There is no workspace {wanted}: {prepared.place.environment.name} is not deployed.",
            hint=f"Deploy it: anomalyctl deploy --env {prepared.place.environment.name}",
        )
    prepared.watcher.step(f"Making the workspace {wanted}")
    prepared.check(terraform.new_workspace(wanted))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
