"""What the checks of an Azure environment share: each thing is asked for once, by whoever needs it first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Generic, TypeVar

from anomalyctl.azure.names import global_names, resource_group_name
from anomalyctl.azure.resource_manager import ResourceManager
from anomalyctl.azure.session import Session
from anomalyctl.azure.sign_in import Principal
from anomalyctl.environments import Environment
from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.doctor.variables import NOTHING_GIVEN, GivenVariables, variable_values
from anomalyctl.project import Project
from anomalyctl.provisioning.binary import Binary, find_terraform
from anomalyctl.provisioning.configuration import Configuration

T = TypeVar("T")
R = TypeVar("R")

VARIABLES = (
    "app_service_sku_size",
    "app_service_worker_count",
    "deployer_ip_addresses",
    "existing_virtual_network",
    "location",
    "openai_capacity",
    "openai_model_name",
    "openai_model_version",
    "openai_sku_name",
    "operator_access",
    "operator_ip_addresses",
    "operator_object_ids",
    "project_name",
    "redis_flavor",
    "redis_public_network_access_enabled",
    "resource_providers_to_register",
    "service_bus_enabled",
    "trusted_network_ranges",
)
RESOURCES_API = "2025-04-01"
COGNITIVE_API = "2024-10-01"
VAULTS_API = "2023-07-01"
_AT_ONCE = 24


class Once(Generic[T]):
    """The result of a function that is called at most once, whoever asks first; its error is kept as well."""

    def __init__(self, function: Callable[[], T]) -> None:
        self._function = function
        self._lock = threading.Lock()
        self._result: tuple[T] | None = None
        self._error: AnomalyctlError | None = None

    def __call__(self) -> T:
        """The result. Raises the function's error, each time."""
        with self._lock:
            if self._error is not None:
                raise self._error
            if self._result is None:
                try:
                    self._result = (self._function(),)
                except AnomalyctlError as error:
                    self._error = error
                    raise
            return self._result[0]


class Site:
    """One Azure environment under examination. Its methods may be called from any thread."""

    def __init__(
        self,
        project: Project,
        environment: Environment,
        session: Session,
        manager: ResourceManager,
        environ: Mapping[str, str],
        now: datetime,
        given: GivenVariables = NOTHING_GIVEN,
        needed_types: frozenset[str] | None = None,
    ) -> None:
        self.project = project
        self.environment = environment
        self.session = session
        self.manager = manager
        self.environ = environ
        self.now = now
        self.given = given
        self._needed_types = needed_types
        self.subscription_path = f"/subscriptions/{session.subscription.id}"
        self.principal: Once[Principal] = Once(session.principal)
        self.terraform: Once[Binary] = Once(self._find_terraform)
        self.variables: Once[dict[str, Any]] = Once(self._read_variables)
        self.deployed: Once[frozenset[str]] = Once(self._find_deployed)
        self.deleted_vaults: Once[dict[str, Any]] = Once(
            lambda: self._find_deleted("Microsoft.KeyVault/deletedVaults", VAULTS_API)
        )
        self.deleted_accounts: Once[dict[str, Any]] = Once(
            lambda: self._find_deleted("Microsoft.CognitiveServices/deletedAccounts", COGNITIVE_API)
        )
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE)

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    @property
    def location(self) -> str:
        """The region in the form that Azure's paths take: `eastus`. Raises PreconditionFailed."""
        return str(self.variables()["location"]).replace(" ", "").lower()

    @property
    def resource_group(self) -> str:
        """The resource group of what is deployed."""
        return resource_group_name(self.variables()["project_name"], self.environment.name)

    @property
    def names(self) -> dict[str, str]:
        """The names that must be unique in the world."""
        project = str(self.variables()["project_name"])
        return global_names(project, self.environment.name, self.session.subscription.id)

    def concerns(self, *resource_types: str) -> bool:
        """Say whether what is looked at is for resources of these types: always, without targets."""
        return self._needed_types is None or not self._needed_types.isdisjoint(resource_types)

    def require_concern(self, *resource_types: str) -> None:
        """Raise OutsideOfTargets where the targets need none of these."""
        if not self.concerns(*resource_types):
            raise OutsideOfTargets("not looked at: no target needs it")

    def ask_ahead(self, *questions: Callable[[], Any]) -> None:
        """Have what will be needed asked for all at once; who needs an answer meets its error then."""
        for question in questions:
            self._pool.submit(question)

    def signed_in(self) -> Principal:
        """The principal, for checks that ask Azure. Raises NotLookedAt, so that one failure is told once."""
        try:
            return self.principal()
        except AnomalyctlError as error:
            raise NotLookedAt("not looked at: nobody is signed in", hint="See: sign-in") from error

    def at_once(self, ask: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Ask for each item, all at once, in a pool that checks themselves do not run in."""
        return list(self._pool.map(ask, items))

    def _find_terraform(self) -> Binary:
        return find_terraform(
            self.environ,
            cache=self.project.state / "terraform-version",
            required=Configuration(self.project.terraform).required_versions,
        )

    def _read_variables(self) -> dict[str, Any]:
        return variable_values(
            self.project,
            self.environment,
            VARIABLES,
            terraform=self.terraform().path,
            environ=self.environ,
            given=self.given,
        )

    def _find_deployed(self) -> frozenset[str]:
        path = f"{self.subscription_path}/resourceGroups/{self.resource_group}/resources"
        found = self.manager.list(path, RESOURCES_API)
        return frozenset(str(resource.get("name", "")).lower() for resource in found)

    def _find_deleted(self, what: str, api_version: str) -> dict[str, Any]:
        """What was deleted and still holds its name, by that name in lower case."""
        found = self.manager.list(f"{self.subscription_path}/providers/{what}", api_version)
        return {str(one.get("name", "")).lower(): one for one in found}


class OutsideOfTargets(AnomalyctlError):
    """A check was left out because the deployment is narrowed to other resources."""


class NotLookedAt(AnomalyctlError):
    """A check could not be made because of what another check tells."""
