"""The secrets of the environment `local`: generated once, kept 0600, known to nobody else."""

from __future__ import annotations

import base64
import secrets
from dataclasses import asdict, dataclass

from anomalyctl.local.disk import read_json, write_json
from anomalyctl.local.folder import LocalFolder


@dataclass(frozen=True, slots=True)
class LocalSecrets:
    """What each part asks for before it answers."""

    redis_password: str
    cosmos_key: str
    """Base64, as an account key of Cosmos DB is."""
    detector_token: str
    function_host_token: str

    def __repr__(self) -> str:
        """Never the secrets themselves."""
        return "LocalSecrets(…)"


def load_secrets(folder: LocalFolder) -> LocalSecrets | None:
    """The secrets of an environment that was deployed, or None."""
    try:
        return LocalSecrets(**(read_json(folder.secrets) or {}))
    except TypeError:
        return None


def ensure_secrets(folder: LocalFolder) -> LocalSecrets:
    """The secrets that are there, else new ones, written down."""
    known = load_secrets(folder)
    if known is not None:
        return known
    fresh = LocalSecrets(
        redis_password=secrets.token_urlsafe(32),
        cosmos_key=base64.b64encode(secrets.token_bytes(64)).decode(),
        detector_token=secrets.token_urlsafe(32),
        function_host_token=secrets.token_urlsafe(32),
    )
    write_json(folder.secrets, asdict(fresh))
    return fresh
