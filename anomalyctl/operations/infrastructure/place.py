"""Which environment, root module and folders a command works on."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from anomalyctl.azure.backend import backend_configuration, backend_file, write_backend_file
from anomalyctl.azure.subscription import subscription_for
from anomalyctl.environments import LOCAL, Environment, environment_named
from anomalyctl.errors import InvalidInput, PreconditionFailed
from anomalyctl.project import Project, find_project
from anomalyctl.provisioning.configuration import Configuration
from anomalyctl.provisioning.working_copy import refresh_copy

DEFAULT_WORKSPACE = "default"


@dataclass(frozen=True, slots=True)
class Place:
    """One environment of one root module, on this machine."""

    project: Project
    environment: Environment
    source: Path
    """The root module as its owner wrote it."""
    folder: Path
    """Where Terraform runs: a copy of ours, or `source` itself for a root that is not ours."""
    workspace: str
    ours: bool
    """True for the system's own infrastructure, false for a root named with --project."""
    subscription_id: str

    @property
    def state(self) -> Path:
        """Our files about this environment: data directory, plans, backups."""
        return self.project.state / self.environment.name

    @property
    def data_dir(self) -> Path:
        """TF_DATA_DIR."""
        return self.state / "data"

    @property
    def runs(self) -> Path:
        """The project's run ledger."""
        return self.project.state / "runs"

    @property
    def published_variables(self) -> Path:
        """What was given Azure beside Terraform and every plan names again: the tag of the detectors' image
        (`publish`), the name of a restored account (`restore`)."""
        return self.state / "published.tfvars.json"

    @property
    def default_variable_files(self) -> tuple[Path, ...]:
        """Those that need not be named; a later one wins."""
        if not self.ours:
            return ()
        return (
            self.folder / "environments" / f"{self.environment.name}.tfvars",
            self.published_variables,
            self.project.root / "terraform.tfvars",
        )

    @property
    def automatic_variable_files(self) -> tuple[Path, ...]:
        """Those that Terraform reads by itself."""
        return tuple(
            sorted(
                path
                for pattern in (
                    "terraform.tfvars",
                    "terraform.tfvars.json",
                    "*.auto.tfvars",
                    "*.auto.tfvars.json",
                )
                for path in self.folder.glob(pattern)
            )
        )

    def refresh(self) -> None:
        """Bring the working copy up to date."""
        self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.data_dir.mkdir(exist_ok=True, mode=0o700)
        if self.ours:
            refresh_copy(self.source, self.folder)

    def backend_files(self, environ: Mapping[str, str]) -> tuple[Path, ...]:
        """What `init` is told about the backend; written now where it is missing. Raises
        PreconditionFailed.
        """
        if not self.ours or Configuration(self.folder).backend != "azurerm":
            return ()
        path = backend_file(self.project, self.environment)
        if not path.is_file():
            write_backend_file(
                self.project, self.environment, backend_configuration(self.environment, environ)
            )
        return (path,)


def find_place(
    environment_name: str, root: Path | None = None, environ: Mapping[str, str] | None = None
) -> Place:
    """The place of an environment, ours or, with `root`, any Terraform root's.

    A root that is not ours has no allow-list: the environment is the name of a workspace, `default` where
    none is given. Raises UnknownEnvironment, InvalidInput for a root without *.tf, PreconditionFailed for
    `local`.
    """
    environ = os.environ if environ is None else environ
    if root is not None and not (root / "terraform" / "environments").is_dir():
        return _foreign(environment_name, root.expanduser().resolve())
    project = find_project(environ, root)
    environment = environment_named(project, environment_name)
    if environment.is_local:
        raise PreconditionFailed(
            "The environment local runs on this machine: Terraform has nothing to do with it.",
            hint="Name an Azure environment, for example --env dev.",
        )
    azure = Configuration(project.terraform)
    needs_subscription = (
        azure.backend == "azurerm" or (project.terraform / "environments" / "backend_override.tf").is_file()
    )
    subscription = environment.subscription_id
    if needs_subscription or environ.get("ARM_SUBSCRIPTION_ID"):
        subscription = subscription_for(environment, environ).id
    return Place(
        project=project,
        environment=environment,
        source=project.terraform,
        folder=project.state / environment.name / "root",
        workspace=environment.name,
        ours=True,
        subscription_id=subscription,
    )


def _foreign(name: str, root: Path) -> Place:
    if not root.is_dir() or not any(root.glob("*.tf")):
        raise InvalidInput(f"{root} holds no *.tf files.", field="--project", hint="Name a Terraform root.")
    workspace = DEFAULT_WORKSPACE if name == LOCAL else name
    return Place(
        project=Project(root=root, state=root / ".anomalyctl"),
        environment=Environment(name=workspace, kind="azure", protected=False, summary=""),
        source=root,
        folder=root,
        workspace=workspace,
        ours=False,
        subscription_id=os.environ.get("ARM_SUBSCRIPTION_ID", ""),
    )
