"""What is done with a state as a whole. Every change takes a copy first."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anomalyctl.errors import AnomalyctlError, NotFound, PreconditionFailed
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.backups import Backup
from anomalyctl.provisioning.plans.redaction import redacted, secrets_in
from anomalyctl.provisioning.state import read_state


@dataclass(frozen=True, slots=True)
class StateListing:
    """What a state holds."""

    environment: str
    serial: int
    lineage: str
    resources: tuple[str, ...]
    tainted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StateResourceShown:
    """One resource as the state has it; secrets are left out."""

    address: str
    resource_type: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class StateWritten:
    """A state in a file."""

    environment: str
    path: Path
    serial: int
    size: int


@dataclass(frozen=True, slots=True)
class StateChanged:
    """A state that was changed, and the copy from before."""

    environment: str
    done: str
    serial: int
    backup: str
    run: str


def list_state(request: Request, watcher: Watcher = UNWATCHED) -> StateListing:
    """The addresses in the state, and which are tainted."""
    with stage("state list", request, watcher) as prepared:
        state, _ = prepared.pull()
        tainted = tuple(address for one in state.resources for address in one.tainted)
        return StateListing(
            prepared.place.environment.name, state.serial, state.lineage, state.addresses, tainted
        )


def show_state(request: Request, address: str, watcher: Watcher = UNWATCHED) -> StateResourceShown:
    """One resource of the state. Raises NotFound."""
    with stage("state show", request, watcher) as prepared:
        document = prepared.terraform.show_state()
    found = _resources(document.get("values", {}).get("root_module", {}))
    secrets: set[str] = set()
    for one in found:
        secrets |= secrets_in(one.get("values", {}), one.get("sensitive_values", {}))
    for resource in found:
        if resource.get("address") == address:
            marks = resource.get("sensitive_values", {})
            values = redacted(resource.get("values", {}), marks, secrets=secrets)
            return StateResourceShown(address, str(resource.get("type", "")), values)
    raise NotFound(f"The state has no {address}.", hint="See: anomalyctl state list")


def pull_state(request: Request, target: Path, watcher: Watcher = UNWATCHED) -> StateWritten:
    """Write the state to a file, mode 0600: it holds secrets. Raises PreconditionFailed for an existing
    file.
    """
    with stage("state pull", request, watcher) as prepared:
        state, text = prepared.pull()
        try:
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            raise PreconditionFailed(f"{target} exists already.", hint="Name another file.") from None
        except OSError as error:
            raise AnomalyctlError(f"{target} cannot be written: {error.strerror}.") from None
        with os.fdopen(descriptor, "wb") as file:
            file.write(text)
        return StateWritten(prepared.place.environment.name, target, state.serial, len(text))


def back_up_state(request: Request, watcher: Watcher = UNWATCHED) -> Backup:
    """Take a copy now. Raises PreconditionFailed where there is nothing to copy."""
    with stage("state backup", request, watcher) as prepared:
        _, backup = prepared.back_up()
    if backup is None:
        raise PreconditionFailed("The state is empty: there is nothing to copy.")
    return backup


def list_backups(request: Request, watcher: Watcher = UNWATCHED) -> tuple[Backup, ...]:
    """The copies that are kept on this machine, the oldest first."""
    from anomalyctl.operations.infrastructure.place import find_place
    from anomalyctl.provisioning.backups import Backups

    place = find_place(request.environment, request.root)
    return tuple(Backups(place.state / "backups").all())


def push_state(
    request: Request, source: Path, *, confirm: Callable[[str], None], watcher: Watcher = UNWATCHED
) -> StateChanged:
    """Write a file over the state. An older serial is refused by Terraform. Raises Declined, NotFound."""
    if not source.is_file():
        raise NotFound(f"{source} does not exist.")
    new = read_state(source.read_bytes())
    with stage("state push", request, watcher, make_workspace=True) as prepared:
        present, backup = prepared.back_up()
        name = prepared.place.environment.name
        confirm(
            f"Write {source} (serial {new.serial}, {len(new.addresses)} resources) over the state of {name} "
            f"(serial {present.serial}, {len(present.addresses)} resources)?"
        )
        prepared.check(prepared.terraform.push_state(source.resolve()))
        if source.resolve() == prepared.errored_state.resolve():
            source.replace(prepared.run.folder / "pushed.tfstate")  # it no longer waits
        after, _ = prepared.pull()
        return StateChanged(
            name, f"pushed {source}", after.serial, backup.name if backup else "", prepared.run.id
        )


def restore_state(
    request: Request, name: str, *, confirm: Callable[[str], None], watcher: Watcher = UNWATCHED
) -> StateChanged:
    """Bring a copy back as the newest state. Raises NotFound, Declined, and PreconditionFailed for another
    state's copy."""
    with stage("state restore", request, watcher) as prepared:
        wanted = prepared.backups.named(name)
        old = read_state(wanted.path.read_bytes())
        present, backup = prepared.back_up()
        if present.lineage and old.lineage != present.lineage:
            raise PreconditionFailed(
                f"{wanted.name} is a copy of another state.", hint="Nothing was changed."
            )
        environment = prepared.place.environment.name
        confirm(
            f"Restore the state of {environment} from {wanted.taken_at:%Y-%m-%d %H:%M:%S} UTC "
            f"(serial {old.serial}, {len(old.addresses)} resources; "
            f"now {len(present.addresses)})? Azure itself is not changed."
        )
        raised = prepared.run.folder / "restored.tfstate"
        _write_with_serial(wanted.path, raised, max(present.serial, old.serial) + 1)
        try:
            prepared.check(prepared.terraform.push_state(raised))
        finally:
            raised.unlink(missing_ok=True)
        after, _ = prepared.pull()
        return StateChanged(
            environment,
            f"restored {wanted.name}",
            after.serial,
            backup.name if backup else "",
            prepared.run.id,
        )


def move_in_state(request: Request, source: str, target: str, watcher: Watcher = UNWATCHED) -> StateChanged:
    """Give a resource another address."""
    with stage("state mv", request, watcher) as prepared:
        _, backup = prepared.back_up()
        prepared.check(prepared.terraform.move(source, target))
        after, _ = prepared.pull()
        name = backup.name if backup else ""
        return StateChanged(
            prepared.place.environment.name,
            f"moved {source} to {target}",
            after.serial,
            name,
            prepared.run.id,
        )


def remove_from_state(
    request: Request,
    addresses: tuple[str, ...],
    *,
    confirm: Callable[[str], None],
    watcher: Watcher = UNWATCHED,
) -> StateChanged:
    """Forget resources, which go on existing in Azure. Raises Declined."""
    with stage("state rm", request, watcher) as prepared:
        _, backup = prepared.back_up()
        environment = prepared.place.environment.name
        confirm(f"Forget {', '.join(addresses)} of {environment}? They go on existing, and cost.")
        prepared.check(prepared.terraform.remove(*addresses))
        after, _ = prepared.pull()
        name = backup.name if backup else ""
        return StateChanged(
            environment, f"forgot {', '.join(addresses)}", after.serial, name, prepared.run.id
        )


def _resources(module: dict[str, Any]) -> list[dict[str, Any]]:
    found = list(module.get("resources", ()))
    for child in module.get("child_modules", ()):
        found += _resources(child)
    return found


def _write_with_serial(source: Path, target: Path, serial: int) -> None:
    import orjson

    body = orjson.loads(source.read_bytes())
    body["serial"] = serial
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps(body, option=orjson.OPT_INDENT_2))
