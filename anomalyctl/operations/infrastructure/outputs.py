"""The outputs of an environment; secrets are shown only when they are asked for by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anomalyctl.errors import NotDeployed, NotFound
from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.plans.redaction import SECRET, redacted
from anomalyctl.provisioning.terraform import Terraform


@dataclass(frozen=True, slots=True)
class Output:
    """One output of the root module."""

    name: str
    value: Any
    sensitive: bool


def read_outputs(
    request: Request, name: str | None = None, *, show_sensitive: bool = False, watcher: Watcher = UNWATCHED
) -> tuple[Output, ...]:
    """All outputs, or one. Raises NotDeployed where there are none, NotFound for an unknown name."""
    with stage("output", request, watcher) as prepared:
        found = outputs_of(prepared.terraform, show_sensitive=show_sensitive)
        if show_sensitive:
            prepared.run.note("secrets_shown", outputs=[one.name for one in found if one.sensitive])
    if not found:
        raise NotDeployed(
            f"{request.environment} has no outputs.",
            hint=f"Deploy it: anomalyctl deploy --env {request.environment}",
        )
    if name is None:
        return found
    one = tuple(output for output in found if output.name == name)
    if not one:
        raise NotFound(
            f"There is no output {name}.", hint=f"Known: {', '.join(output.name for output in found)}."
        )
    return one


def outputs_of(terraform: Terraform, *, show_sensitive: bool = False) -> tuple[Output, ...]:
    """The outputs now, by name."""
    return tuple(
        Output(
            name=name,
            value=body.get("value")
            if show_sensitive
            else (SECRET if body.get("sensitive") else redacted(body.get("value"), False, name)),
            sensitive=bool(body.get("sensitive")),
        )
        for name, body in sorted(terraform.outputs().items())
    )
