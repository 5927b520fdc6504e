"""Stores and detectors of an Azure environment, signed in with Entra; each is tried when it is opened."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from anomalyctl.errors import AnomalyctlError, SignInFailed, TimedOut, Transient
from anomalyctl.operations import azure_reasons as reasons
from anomalyctl.operations.connections import Connections

if TYPE_CHECKING:
    import httpx

    from anomalyctl.azure.cloud import Cloud
    from anomalyctl.azure.sign_in import Principal, SignIn
    from anomalyctl.environments import Environment
    from anomalyctl.operations.deployed_state import Deployed
    from anomalyctl.pipeline.detectors import DetectorClient
    from anomalyctl.project import Project
    from anomalyctl.stores.anomalies import AnomalyStore
    from anomalyctl.stores.readings import ReadingStore

_CONNECT_S = 5.0


class AzureConnections(Connections):
    """The same parts as `local` has. `deployed` tells addresses and resource ids.

    Opening a part raises why it cannot be used: SignInFailed (no role yet), NoWayIn, NotPublished,
    NotDeployed (no such output), Transient.
    """

    def __init__(
        self,
        project: Project,
        environment: Environment,
        deployed: Deployed,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(project, environment)
        self.deployed = deployed
        self.environ = os.environ if environ is None else environ

    @cached_property
    def cloud(self) -> Cloud:
        """The addresses of the Azure that the environment is in."""
        from anomalyctl.azure.cloud import cloud_from

        return cloud_from(self.environ)

    @cached_property
    def signed_in(self) -> SignIn:
        """The credential: Terraform's ARM_* variables, else the Azure CLI's."""
        from anomalyctl.azure.sign_in import sign_in

        return sign_in(self.environ, self.cloud, tenant_id=self.environment.tenant_id)

    @property
    def credential(self) -> Any:
        """What tokens come from."""
        return self.signed_in.credential

    @cached_property
    def readings(self) -> ReadingStore:
        """Redis, over TLS, with the object id as user and a token as password."""
        host, port = self.deployed.text("redis_host"), self.deployed.text("redis_port")
        self._require_way(host, int(port))
        address = f"{host}:{port},ssl=True"
        try:
            return self._open_redis(address)
        except SignInFailed as error:
            with_key = self._connection_string("REDIS-CONNECTION-STRING")
            if with_key is None:
                raise reasons.of_redis(error, self.who(), self.deployed) from error
            return self._open_redis(with_key)
        except AnomalyctlError as error:
            raise reasons.of_redis(error, "", self.deployed) from error

    @cached_property
    def anomalies(self) -> AnomalyStore:
        """Cosmos DB, by its data-plane roles."""
        endpoint = f"AccountEndpoint={self.deployed.text('cosmos_db_endpoint')};"
        try:
            return self._open_cosmos(endpoint)
        except SignInFailed as error:
            with_key = self._connection_string("COSMOS-DB-CONNECTION-STRING")
            if with_key is None:
                raise reasons.of_cosmos(error, self.who(), self.deployed) from error
            return self._open_cosmos(with_key)
        except AnomalyctlError as error:
            raise reasons.of_cosmos(error, "", self.deployed) from error

    @cached_property
    def detectors(self) -> DetectorClient:
        """The detectors, with a token for their audience, or their own from the vault."""
        from anomalyctl.pipeline.detectors import DetectorClient

        self.require_ready_detectors()
        address = self.deployed.text("detectors_endpoint")
        return DetectorClient(
            address,
            self.detector_token(),
            transport=self.detector_transport(address),
            refused_hint="Is the object id among operator_object_ids? A change takes a deploy and minutes.",
        )

    def detector_transport(self, address: str) -> httpx.HTTPTransport:
        """The way to detectors at an address: with the cloud's authorities, through the machine's proxy."""
        import httpx

        return httpx.HTTPTransport(verify=self.verification(), proxy=_proxy_for(address))

    def require_ready_detectors(self) -> None:
        """Return where the detectors answer and are ready; raise why not."""
        import httpx

        address = self.deployed.text("detectors_endpoint").rstrip("/")
        try:
            answer = httpx.get(f"{address}/health/ready", timeout=_CONNECT_S, verify=self.verification())
        except httpx.TransportError as error:
            raise self._unreachable("the detectors", error) from error
        if trouble := reasons.of_detectors(answer, self.deployed):
            raise trouble

    def verification(self) -> Any:
        """Whose certificates count, as httpx wants it."""
        import ssl

        return ssl.create_default_context(cafile=self.cloud.ca_bundle) if self.cloud.ca_bundle else True

    def close(self) -> None:
        """Close what was opened."""
        for name in ("anomalies", "detectors"):
            if name in self.__dict__:
                self.__dict__[name].close()

    def principal(self) -> Principal:
        """Who is signed in. Raises SignInFailed."""
        from anomalyctl.azure.sign_in import principal_of

        return principal_of(self.credential, self.cloud)

    def _require_way(self, host: str, port: int) -> None:
        """One try to connect: redis-py would make four, each as long, before it says so."""
        import socket

        try:
            socket.create_connection((host, port), timeout=_CONNECT_S).close()
        except OSError as error:
            raise self._unreachable("Redis", error) from error

    def _open_redis(self, connection_string: str) -> ReadingStore:
        from anomalyctl.stores.connections import connect_redis
        from anomalyctl.stores.readings import ReadingStore

        client = connect_redis(
            connection_string,
            connect_timeout_s=_CONNECT_S,
            credential=self.credential,
            ca_bundle=self.cloud.ca_bundle,
        )
        store = ReadingStore(client)
        store.ping()
        return store

    def _open_cosmos(self, connection_string: str) -> AnomalyStore:
        from anomalyctl.resilience.guard import Guard
        from anomalyctl.resilience.policies import DATABASE
        from anomalyctl.resilience.settings import in_force
        from anomalyctl.stores.anomalies import AnomalyStore
        from anomalyctl.stores.cosmos import connect_cosmos

        guard = Guard(in_force(DATABASE).interactive())
        client = connect_cosmos(
            connection_string,
            credential=self.credential,
            ca_bundle=self.cloud.ca_bundle,
            timeout_s=guard.policy.timeout_s,
        )
        name = self.deployed.optional("cosmos_db_database_name")
        store = AnomalyStore(client, guard=guard, **({"database_name": name} if name else {}))
        store.ping()
        return store

    def _connection_string(self, secret: str) -> str | None:
        """The string with its key, where the environment has keys and this identity may read them."""
        if not self.deployed.access_keys:
            return None
        from anomalyctl.azure.vault import read_secret

        try:
            return read_secret(self.deployed.text("key_vault_uri"), secret, self.credential, self.cloud)
        except AnomalyctlError:
            return None  # what keeps Entra out is the better sentence

    def detector_token(self) -> str | Callable[[], str]:
        """What lets a caller in: tokens for the detectors' audience, or their own one from the vault."""
        audience = self.deployed.optional("detector_audience")
        return self._token_for(audience) if audience else self._token_in_the_vault()

    def _token_in_the_vault(self) -> str:
        from anomalyctl.azure.vault import read_secret

        name = self.deployed.text("detector_token_secret_name")
        try:
            return read_secret(self.deployed.text("key_vault_uri"), name, self.credential, self.cloud)
        except SignInFailed as error:
            if "firewall" in str(error).lower() or "public network" in str(error).lower():
                raise reasons.no_way_in(
                    "the vault", "its firewall does not know this address", self.deployed
                ) from error
            if error.code == "not_allowed":
                role = f"the role Key Vault Secrets User on the secret {name}"
                raise reasons.no_role("The vault", self.who(), role, self.deployed) from error
            raise
        except (Transient, TimedOut) as error:
            raise reasons.of_network(error, "the vault", self.deployed) or error from error

    def _token_for(self, audience: str) -> Callable[[], str]:
        from anomalyctl.azure.sign_in import token_for

        scope = f"{audience.rstrip('/')}/.default"
        return lambda: token_for(self.credential, scope).token

    def operator(self, environ: Mapping[str, str]) -> str:
        """The name that Entra signs in: the record of a real plant takes nobody's word for who acts."""
        return self.principal().name

    def who(self) -> str:
        """Whose sign-in it is, in words."""
        try:
            found = self.principal()
        except AnomalyctlError:
            return "this identity"
        return found.name if found.name == found.object_id else f"{found.name} (object id {found.object_id})"

    def _unreachable(self, part: str, error: Exception) -> AnomalyctlError:
        return reasons.of_network(error, part, self.deployed) or reasons.no_way_in(
            part, type(error).__name__, self.deployed
        )


def _proxy_for(address: str) -> str | None:
    """The proxy that the machine's variables name for an address: the services know none, an office may."""
    from urllib.parse import urlsplit
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(address)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
