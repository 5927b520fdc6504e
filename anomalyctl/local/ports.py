"""Ports on loopback: chosen once, remembered, and chosen anew when somebody else took one."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection, Sequence

from anomalyctl.errors import PreconditionFailed
from anomalyctl.local.disk import read_json, write_json
from anomalyctl.local.folder import LocalFolder

LOOPBACK = "127.0.0.1"
_RANGE = range(20_000, 32_000)
"""Below the range from which Linux takes the ports of outgoing connections (32768 and up)."""


def ensure_ports(
    folder: LocalFolder, parts: Sequence[str], *, ours: Collection[int] = ()
) -> tuple[dict[str, int], list[str]]:
    """A port for each part: the remembered one where it is free or in `ours`, else a new one, written down.

    Returns the ports by part, and the parts whose remembered port was taken by somebody else.
    """
    remembered = load_ports(folder)
    ports: dict[str, int] = {}
    moved: list[str] = []
    for part in parts:
        known = remembered.get(part)
        if known is not None and known not in ports.values() and (known in ours or is_free(known)):
            ports[part] = known
            continue
        if known is not None:
            moved.append(part)
        ports[part] = _free_port(set(ports.values()) | set(remembered.values()))
    if ports != remembered:
        write_json(folder.ports, ports)
    return ports, moved


def load_ports(folder: LocalFolder) -> dict[str, int]:
    """The remembered ports by part; empty where there are none."""
    ports = read_json(folder.ports) or {}
    return {part: port for part, port in ports.items() if isinstance(port, int)}


def is_free(port: int) -> bool:
    """True when a server could listen on this port of the loopback now."""
    with socket.socket() as probe:
        # As servers do: connections of a predecessor that still time out do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def _free_port(avoid: Collection[int]) -> int:
    for port in random.sample(_RANGE, len(_RANGE)):
        if port not in avoid and is_free(port):
            return port
    raise PreconditionFailed(
        f"No port between {_RANGE.start} and {_RANGE.stop} is free on {LOOPBACK}.",
        hint="End some of the servers on this machine, then deploy again.",
    )
