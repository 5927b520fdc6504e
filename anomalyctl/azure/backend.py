"""Where an Azure environment's Terraform state lives, and the file that tells `terraform init`."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from anomalyctl.azure.subscription import subscription_for
from anomalyctl.environments import Environment
from anomalyctl.errors import PreconditionFailed
from anomalyctl.project import Project

FILE_NAME: Final = "backend.tfbackend"
_LINE: Final = re.compile(r'^\s*([a-z_]+)\s*=\s*("(?:[^"\\]|\\.)*"|true|false)\s*(?:#.*)?$')


@dataclass(frozen=True, slots=True)
class StateAccount:
    """The storage account of a state, and where it stands."""

    name: str
    resource_group: str
    subscription_id: str
    container: str
    key: str
    location: str
    sku: str

    @property
    def resource_group_id(self) -> str:
        """The resource group's id in Resource Manager."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"

    @property
    def id(self) -> str:
        """The account's id in Resource Manager."""
        return f"{self.resource_group_id}/providers/Microsoft.Storage/storageAccounts/{self.name}"

    @property
    def container_id(self) -> str:
        """The container's id in Resource Manager."""
        return f"{self.id}/blobServices/default/containers/{self.container}"

    def blob_of(self, workspace: str) -> str:
        """The name of a workspace's blob, as the backend `azurerm` names it."""
        return self.key if workspace == "default" else f"{self.key}env:{workspace}"


def state_account(environment: Environment, environ: Mapping[str, str] | None = None) -> StateAccount:
    """The account that holds the environment's state: named in environments.toml, else by its subscription.

    Environments of one subscription share an account, except those with `own_account`.
    Raises PreconditionFailed where no subscription is known, or another one than environments.toml names.
    """
    subscription_id = subscription_for(environment, os.environ if environ is None else environ).id
    state = environment.state
    label = re.sub(r"[^a-z0-9]", "", environment.name) if state.own_account else "shared"
    digest = hashlib.sha256(f"{subscription_id}/{label}".encode()).hexdigest()
    return StateAccount(
        name=state.account or f"sttfstate{label[:7]}{digest[:8]}",
        resource_group=state.resource_group or f"rg-tfstate-{label}",
        subscription_id=subscription_id,
        container=state.container,
        key=state.key,
        location=state.location,
        sku=state.sku,
    )


def backend_configuration(
    environment: Environment, environ: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The arguments of `backend "azurerm"` for an environment: Entra signs in, no key is anywhere.

    Raises PreconditionFailed where no subscription is known, or another one than environments.toml names.
    """
    environ = os.environ if environ is None else environ
    account = state_account(environment, environ)
    configuration = {
        "storage_account_name": account.name,
        "container_name": account.container,
        "key": account.key,
        "use_azuread_auth": "true",
    }
    if environment.tenant_id:
        configuration["tenant_id"] = environment.tenant_id
    return configuration


def backend_file(project: Project, environment: Environment) -> Path:
    """Where the backend's arguments are kept: pass it as `-backend-config=FILE`."""
    return project.state / environment.name / FILE_NAME


def write_backend_file(project: Project, environment: Environment, configuration: Mapping[str, str]) -> bool:
    """Keep the arguments, mode 0600; true where the file changed."""
    path = backend_file(project, environment)
    text = "# Written by `anomalyctl state bootstrap`.\n" + "".join(
        f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in configuration.items()
    )
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8"
    ) as file:
        file.write(text)
    fresh.replace(path)
    return True


def read_backend_file(project: Project, environment: Environment) -> dict[str, str] | None:
    """The arguments that were kept, None where there are none. Raises PreconditionFailed for a broken one."""
    path = backend_file(project, environment)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise _broken(path, environment, str(error)) from error
    found: dict[str, str] = {}
    for line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.match(line)
        if match is None:
            raise _broken(path, environment, f"“{line.strip()}” is no argument")
        value = json.loads(match.group(2))
        found[match.group(1)] = value if isinstance(value, str) else str(value).lower()
    return found


def environment_of_backend(project: Project, environment: Environment) -> Environment:
    """The environment with its state where the backend's file says: that is where Terraform looks."""
    kept, state = read_backend_file(project, environment) or {}, environment.state
    return replace(
        environment,
        state=replace(
            state,
            account=kept.get("storage_account_name", state.account),
            container=kept.get("container_name", state.container),
            key=kept.get("key", state.key),
        ),
    )


def _broken(path: Path, environment: Environment, reason: str) -> PreconditionFailed:
    return PreconditionFailed(
        f"{path} cannot be read: {reason}.",
        hint=f"Write it anew: anomalyctl state bootstrap --env {environment.name}",
    )
