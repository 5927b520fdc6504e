"""Asking a part whether it is well, with the standard library alone: the supervisor starts in a blink."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from typing import Any

from anomalyctl.local.part import Probe
from anomalyctl.local.ports import LOOPBACK

_MOST = 16 * 1024
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a part, in one line."""

    text: str
    answered: bool
    """It lives and says itself that it cannot work; starting it again would not help."""


def trouble(probe: Probe) -> Trouble | None:
    """None when the part answers as it should."""
    try:
        answer = _redis_trouble(probe) if probe.kind == "redis" else _http_trouble(probe)
    except TimeoutError:
        return Trouble(f"no answer within {probe.timeout_s:g} s", answered=False)
    except ConnectionRefusedError:
        return Trouble(f"nothing listens on {LOOPBACK}:{probe.port}", answered=False)
    except (OSError, http.client.HTTPException) as error:
        return Trouble(f"the connection broke: {error or type(error).__name__}", answered=False)
    return None if answer is None else Trouble(answer, answered=True)


def ask(probe: Probe) -> dict[str, Any]:
    """The JSON object that an http part tells of itself; empty where it tells none."""
    try:
        _, body = _get(probe)
        found = json.loads(body)
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _redis_trouble(probe: Probe) -> str | None:
    with socket.create_connection((LOOPBACK, probe.port), probe.timeout_s) as connection:
        connection.settimeout(probe.timeout_s)
        secret = probe.secret.encode()
        connection.sendall(b"*2\r\n$4\r\nAUTH\r\n$%d\r\n%b\r\n*1\r\n$4\r\nPING\r\n" % (len(secret), secret))
        with connection.makefile("rb") as answers:
            for wanted in (b"+OK", b"+PONG"):
                answer = answers.readline(1024).strip()
                if answer != wanted:
                    return f"it answered “{answer[:_SHOWN].decode('utf-8', 'replace')}”"
    return None


def _http_trouble(probe: Probe) -> str | None:
    status, body = _get(probe)
    if status == http.client.OK:
        return None
    return f"{probe.path} answered {status}: {_reason(body)}"


def _get(probe: Probe) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(LOOPBACK, probe.port, timeout=probe.timeout_s)
    try:
        headers = {"Authorization": f"Bearer {probe.secret}"} if probe.secret else {}
        connection.request("GET", probe.path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read(_MOST)
    finally:
        connection.close()


def _reason(body: bytes) -> str:
    """The `detail` of a problem document or of its unwell parts, else the beginning of what was said."""
    text = " ".join(body.decode("utf-8", "replace").split())
    try:
        told = json.loads(text)
        if "parts" in told:
            return " ".join(str(part["detail"]) for part in told["parts"] if part["state"] != "ok")
        return str(told["detail"])
    except (ValueError, KeyError, TypeError):
        return "with a web page" if text.startswith("<") else text[:_SHOWN]
