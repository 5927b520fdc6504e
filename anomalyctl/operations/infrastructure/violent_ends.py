"""What is left when Terraform itself is killed: perhaps a lock, perhaps resources that the state does not
know.
"""

from __future__ import annotations

import contextlib

from anomalyctl.errors import AnomalyctlError
from anomalyctl.provisioning.ledger import OpenRun
from anomalyctl.provisioning.locks import lock_in
from anomalyctl.provisioning.progression import Progression
from anomalyctl.provisioning.state import read_state
from anomalyctl.provisioning.terraform import Terraform
from anomalyctl.provisioning.terraform_process import Finished


def killed(
    finished: Finished, *, terraform: Terraform, progression: Progression, run: OpenRun
) -> AnomalyctlError:
    """The error for a killed Terraform. A lock that it left is noted, for whoever unlocks later."""
    environment = terraform.environment
    held = None
    known: tuple[str, ...] = ()
    with contextlib.suppress(AnomalyctlError, OSError):
        text = terraform.probe_lock()
        held = lock_in(text) if text else None
        known = read_state(terraform.pull_state()).addresses
    if held is not None:
        run.note_safely("lock_left", lock_id=held.id)
    # The state is written every 20 s and at the end: what is complete may be missing from it, too.
    lost = [
        one
        for one in progression.resources.values()
        if one.state in ("running", "done")
        and one.action in ("create", "replace")
        and one.address not in known
    ]
    run.note_safely("unknown_to_state", resources={one.address: one.resource_id for one in lost})
    may_exist = (
        f" May exist without the state knowing: {', '.join(one.address for one in lost)}." if lost else ""
    )
    steps = [f"anomalyctl state unlock --env {environment}"] if held else []
    steps += [
        f"anomalyctl import '{one.address}' {one.resource_id} --env {environment}"
        for one in lost
        if one.resource_id
    ]
    return AnomalyctlError(
        f"Signal {-finished.ended.exit_code} ended Terraform during {finished.command}.{may_exist}",
        hint=", then ".join([*steps, f"anomalyctl plan --env {environment}"]),
        details={
            "in_flight": [one.address for one in progression.in_flight],
            "unknown_to_state": {one.address: one.resource_id for one in lost},
            "lock": held.id if held else "",
            "run": run.id,
        },
    )
