"""`init` and `validate`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from anomalyctl.operations.infrastructure.stage import Request
from anomalyctl.operations.infrastructure.staging import stage
from anomalyctl.operations.infrastructure.watching import UNWATCHED, Watcher
from anomalyctl.provisioning.configuration import Configuration
from anomalyctl.provisioning.events import diagnostic


@dataclass(frozen=True, slots=True)
class Initialised:
    """An environment that Terraform can work on."""

    environment: str
    workspace: str
    backend: str
    terraform_version: str
    folder: str
    run: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that validation says."""

    severity: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Validation:
    """Whether the configuration is valid, by itself, without Azure."""

    environment: str
    valid: bool
    findings: tuple[Finding, ...]


def initialise(request: Request, watcher: Watcher = UNWATCHED) -> Initialised:
    """Configure the backend anew, install providers and modules, make and select the workspace."""
    with stage("init", request, watcher, make_workspace=True, force_init=True) as prepared:
        return Initialised(
            environment=prepared.place.environment.name,
            workspace=prepared.workspace,
            backend=Configuration(prepared.place.folder).backend,
            terraform_version=prepared.terraform.binary.dotted,
            folder=str(prepared.place.folder),
            run=prepared.run.id,
        )


def validate(request: Request, watcher: Watcher = UNWATCHED) -> Validation:
    """Ask Terraform whether the configuration is valid."""
    with stage("validate", request, watcher, select=False) as prepared:
        document: dict[str, Any] = prepared.terraform.validate()
        told = [diagnostic(body) for body in document.get("diagnostics", ())]
        return Validation(
            environment=prepared.place.environment.name,
            valid=bool(document.get("valid")),
            findings=tuple(Finding(one.severity, one.text, one.place) for one in told),
        )
