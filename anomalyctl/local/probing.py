"""Asking a part whether it is well, with the standard library alone: the supervisor starts in a blink."""

from __future__ import annotations

import http.client
import socket

from anomalyctl.local.part import Probe
from anomalyctl.local.ports import LOOPBACK


def trouble(probe: Probe) -> str | None:
    """None when the part answers as it should, else what is wrong in one line."""
    try:
        return _redis_trouble(probe) if probe.kind == "redis" else _http_trouble(probe)
    except TimeoutError:
        return f"no answer within {probe.timeout_s:g} s"
    except ConnectionRefusedError:
        return f"nothing listens on {LOOPBACK}:{probe.port}"
    except (OSError, http.client.HTTPException) as error:
        return f"the connection broke: {error or type(error).__name__}"


def _redis_trouble(probe: Probe) -> str | None:
    with socket.create_connection((LOOPBACK, probe.port), probe.timeout_s) as connection:
        connection.settimeout(probe.timeout_s)
        secret = probe.secret.encode()
        connection.sendall(b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%b\r\n*1\r\n$4\r\nPING\r\n" % (len(secret), secret))
        with connection.makefile("rb") as answers:
            for wanted in (b"+OK", b"+PONG"):
                answer = answers.readline(1024).strip()
                if answer != wanted:
                    return f"it answered {answer[:80].decode('utf-8', 'replace')!r}"
    return None


def _http_trouble(probe: Probe) -> str | None:
    connection = http.client.HTTPConnection(LOOPBACK, probe.port, timeout=probe.timeout_s)
    try:
        headers = {"Authorization": f"Bearer {probe.secret}"} if probe.secret else {}
        connection.request("GET", probe.path, headers=headers)
        response = connection.getresponse()
        body = response.read(300)
    finally:
        connection.close()
    if response.status == http.client.OK:
        return None
    return f"{probe.path} answered {response.status}: {body.decode('utf-8', 'replace').strip()!r}"
