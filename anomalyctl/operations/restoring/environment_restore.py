"""`restore cosmos` of an environment: there, back and finished, each step kept before the next is taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from anomalyctl.azure.cosmos_accounts import read_account
from anomalyctl.errors import Locked, NotFound, PreconditionFailed
from anomalyctl.operations.restoring.account import make_account
from anomalyctl.operations.restoring.adopting import adopt_lost
from anomalyctl.operations.restoring.beginning import begin, require_startable
from anomalyctl.operations.restoring.finishing import delete_left, only_in_left, turn_ttl_on
from anomalyctl.operations.restoring.journal import Restore
from anomalyctl.operations.restoring.model import PartAfter, RestoredCosmos
from anomalyctl.operations.restoring.opening import Restoring, alone_with, opened, tell_terraform
from anomalyctl.operations.restoring.switching import switch_to
from anomalyctl.operations.restoring.terraform_knows import wanted_of
from anomalyctl.operations.restoring.wiring import wire


def restore_cosmos(restoring: Restoring, at: datetime | None) -> RestoredCosmos:
    """Restore the account to a second, beside the old one, and have the services read it; without `at`, go
    on with what was cut off. The old account is kept.

    Raises InvalidInput for a second that cannot be had, PreconditionFailed while an earlier restore is not
    ended, RestoreFailed, NoWayIn and SignInFailed where the vault is closed from here, TimedOut, and what
    Terraform's failure means. Repeated, it goes on.
    """
    journal = restoring.journal()
    adopt_lost(restoring)
    require_startable(restoring.environment, journal.read(), at)
    parts: tuple[PartAfter, ...] = ()
    with opened(restoring) as target:
        restore = journal.read()
        require_startable(restoring.environment, restore, at)  # nobody came between
        if restore is None or not restore.on_the_way:
            assert at is not None  # noqa: S101 - said by require_startable
            restore = begin(restoring, target, journal, at)
        if restore.phase == "begun":
            old = read_account(target.manager, restore.old_id)
            restore = make_account(target.manager, journal, restore, old, restoring.progress, restoring.sleep)
        if restore.phase == "made":
            wire(target.manager, restore, restoring.progress)
            restore = journal.write(restore, "wired")
        if restore.phase == "wired":
            restore = journal.write(restore, switched_at=restore.switched_at or restoring.second())
            parts = _parts(switch_to(target, restore.new_id))
            restore = journal.write(restore, "switched")
        target.run.note_safely("restore", at=restore.at, account=restore.new_name, phase=restore.phase)
    backup = tell_terraform(restoring, restore.new_name, wanted_of(restore))
    restore = journal.write(restore, "known")
    return _restored(restoring.environment, restore, parts, backup)


def return_from_restore(restoring: Restoring) -> RestoredCosmos:
    """Have the services read the account from before again; the restored one is kept.

    Raises NotFound where there is no restore to go back from, and what `restore_cosmos` raises.
    """
    journal = restoring.journal()
    adopt_lost(restoring)
    restore = _to_go_back_from(restoring)
    parts: tuple[PartAfter, ...] = ()
    backup = ""
    if not restore.switched_at:  # nobody has read it yet
        with alone_with(restoring):  # or whoever is at it would go on with what was given up
            restore = _to_go_back_from(restoring)
            if restore.switched_at:
                raise Locked(
                    f"The services of {restoring.environment} were switched a moment ago.",
                    hint="Run the same command again.",
                )
            restore = journal.write(restore, "returned")
    else:
        with opened(restoring) as target:
            restore = journal.write(_to_go_back_from(restoring), "returning")
            parts = _parts(switch_to(target, restore.old_id))
            target.run.note_safely("restore", at=restore.at, account=restore.old_name, phase="returned")
        backup = tell_terraform(restoring, restore.old_name, restore.addresses, option="--back")
        restore = journal.write(restore, "returned", returned_at=restoring.second())
    return RestoredCosmos(
        environment=restoring.environment,
        run=restore.run,
        outcome="went back",
        at=restore.at,
        serving=restore.old_name,
        kept=restore.new_name,
        only_there=only_in_left(restore),
        parts=parts,
        backup=backup,
        next_steps=(_plan(restoring.environment), _finish(restoring.environment)),
    )


def _to_go_back_from(restoring: Restoring) -> Restore:
    restore = restoring.journal().read()
    if restore is None or restore.phase in ("returned", "finished"):
        raise NotFound(
            f"There is no restore of {restoring.environment} to go back from.",
            hint=f"See what was done: anomalyctl runs list --env {restoring.environment}",
        )
    return restore


def end_of_restore(restoring: Restoring) -> Restore:
    """The restore that `finish_restore` would end, for the question. Raises NotFound, PreconditionFailed."""
    restore = restoring.journal().read()
    if restore is None or restore.phase == "finished":
        raise NotFound(f"There is no restore of {restoring.environment} to finish.")
    if restore.phase not in ("known", "returned"):
        command = f"anomalyctl restore cosmos --env {restoring.environment}"
        raise PreconditionFailed(
            f"The restore of {restoring.environment} to {restore.at} is under way ({restore.phase}).",
            hint=f"Go on with it: {command}; or back: {command} --back",
        )
    return restore


def finish_restore(restoring: Restoring) -> RestoredCosmos:
    """Turn TTL on again and delete the account that nobody reads. Raises what `end_of_restore` raises."""
    adopt_lost(restoring)
    end_of_restore(restoring)
    journal = restoring.journal()
    ttl: tuple[str, ...] = ()
    with opened(restoring) as target:
        restore = end_of_restore(restoring)
        lost = only_in_left(restore)
        if restore.phase == "known":
            ttl = turn_ttl_on(target.manager, restore.new_id, restoring.progress)
        deleted = delete_left(target.manager, restore, restoring.progress)
        target.run.note_safely("restore", at=restore.at, deleted=deleted, phase="finished")
        serving = restore.old_name if restore.phase == "returned" else restore.new_name
        journal.write(restore, "finished")
    return RestoredCosmos(
        environment=restoring.environment,
        run=restore.run,
        outcome="finished",
        at=restore.at,
        serving=serving,
        deleted=deleted,
        only_there=lost,
        ttl_on=ttl,
        next_steps=(_plan(restoring.environment),),
    )


def _restored(
    environment: str, restore: Restore, parts: tuple[PartAfter, ...], backup: str
) -> RestoredCosmos:
    return RestoredCosmos(
        environment=environment,
        run=restore.run,
        outcome="restored",
        at=restore.at,
        serving=restore.new_name,
        kept=restore.old_name,
        only_there=only_in_left(restore),
        parts=parts,
        backup=backup,
        next_steps=(
            _plan(environment),
            f"anomalyctl replay --last 24h --write --env {environment}",
            f"anomalyctl restore cosmos --back --env {environment}",
            _finish(environment),
        ),
    )


def _plan(environment: str) -> str:
    return f"anomalyctl plan --env {environment}"


def _finish(environment: str) -> str:
    return f"anomalyctl restore cosmos --finish --confirm {environment} --env {environment}"


def _parts(found: Sequence[tuple[str, bool | None, str]]) -> tuple[PartAfter, ...]:
    return tuple(PartAfter(*one) for one in found)
