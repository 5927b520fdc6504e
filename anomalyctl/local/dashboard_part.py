"""The dashboard as a supervised part: Node running the standalone server of a build."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from anomalyctl.local.environment import COSMOS, DASHBOARD, VALKEY, connections
from anomalyctl.local.part import Part, Probe
from anomalyctl.local.ports import LOOPBACK
from anomalyctl.local.secrets_file import LocalSecrets

HEALTH_PATH = "/api/health"
"""The same that App Service asks for (terraform/app-service.tf)."""


def dashboard_part(
    build: Path, digest: str, node: str, operator: str, ports: Mapping[str, int], secrets: LocalSecrets
) -> Part:
    """The part that serves the build in the folder `build`; who acts in it is `operator`."""
    reach = connections(ports, secrets)
    port = ports[DASHBOARD]
    return Part(
        name=DASHBOARD,
        title="Dashboard",
        argv=(node, "server.js"),
        cwd=str(build),
        probe=Probe("http", port, path=HEALTH_PATH, timeout_s=5.0),
        env={
            "REDIS_CONNECTION_STRING": reach.redis_connection_string,
            "COSMOS_DB_CONNECTION_STRING": reach.cosmos_connection_string,
            "FASTAPI_ENDPOINT": reach.detectors_endpoint,
            "HOSTNAME": LOOPBACK,
            "PORT": str(port),
            "NODE_ENV": "production",
            "NEXT_TELEMETRY_DISABLED": "1",
            "ANOMALYCTL_ENV": "local",
            "ANOMALYCTL_OPERATOR": operator,
        },
        after=(VALKEY, COSMOS),
        stop_s=4.0,
        version=digest,
    )


def dashboard_address(port: int) -> str:
    """What a browser opens."""
    return f"http://{LOOPBACK}:{port}"
