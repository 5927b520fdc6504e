"""How the parts of a running environment `local` are reached."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from anomalyctl.errors import NotDeployed
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.locks import is_held
from anomalyctl.local.ports import LOOPBACK, load_ports
from anomalyctl.local.secrets_file import LocalSecrets, load_secrets
from anomalyctl.local.surroundings import ask_loopback_directly

DEPLOY = "anomalyctl deploy --env local"
VALKEY, COSMOS, DETECTORS, FUNCTIONS = "valkey", "cosmos", "detectors", "functions"
DASHBOARD = "dashboard"


@dataclass(frozen=True, slots=True)
class LocalConnections:
    """Addresses and secrets, in the forms that the services read."""

    redis_connection_string: str = field(repr=False)
    cosmos_connection_string: str = field(repr=False)
    detectors_endpoint: str
    detector_token: str = field(repr=False)


def read_connections(state: Path) -> LocalConnections:
    """The connections of the environment whose project keeps its state in `state` (`Project.state`).

    Raises NotDeployed where it does not run.
    """
    ask_loopback_directly(os.environ)  # the SDKs read their proxies from there
    folder = LocalFolder(state / "local")
    secrets, ports = load_secrets(folder), load_ports(folder)
    if (
        secrets is None
        or not {VALKEY, COSMOS, DETECTORS} <= ports.keys()
        or not is_held(folder.supervisor_lock)
    ):
        raise not_running(folder)
    return connections(ports, secrets)


def connections(ports: Mapping[str, int], secrets: LocalSecrets) -> LocalConnections:
    """The connections over these ports with these secrets."""
    return LocalConnections(
        redis_connection_string=f"{LOOPBACK}:{ports[VALKEY]},password={secrets.redis_password},ssl=False",
        cosmos_connection_string=(
            f"AccountEndpoint=http://{LOOPBACK}:{ports[COSMOS]}/;AccountKey={secrets.cosmos_key};"
        ),
        detectors_endpoint=f"http://{LOOPBACK}:{ports[DETECTORS]}",
        detector_token=secrets.detector_token,
    )


def not_running(folder: LocalFolder) -> NotDeployed:
    """The error for an environment that does not run, with why where it is known."""
    why = ": its supervisor ended without having been asked to" if folder.state.exists() else ""
    return NotDeployed(
        f"The environment local is not running{why}.", hint="Run: anomalyctl deploy --env local"
    )
