"""Why a build of the dashboard failed, in one line: npm and Next.js need a screen to say it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from anomalyctl.errors import AnomalyctlError
from anomalyctl.processes.output import last_lines

_LINES: Final = 200
_LONGEST: Final = 160
_COLOURS: Final = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_NO_NETWORK: Final = re.compile(
    r"\b(ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED|"
    r"ERR_SOCKET_TIMEOUT)\b"
)
_CERTIFICATE: Final = re.compile(r"\b(SELF_SIGNED_CERT\w*|UNABLE_TO_\w+_CERT\w*|CERT_HAS_EXPIRED)\b")
_FULL: Final = re.compile(r"\bENOSPC\b|No space left on device")
_CONNECT: Final = "Connect this machine, or name a registry (npm config set registry …)"
_TELLING: Final = (
    re.compile(r"^npm (?:error|ERR!) (?!code|A complete log|errno|syscall|Lifecycle|command|path|\s*$)(.+)"),
    re.compile(r"^(?:\S+: )?(Type error: .+)"),
    re.compile(r"^(Module not found: .+)"),
    re.compile(r"^\W*((?:\w*Error|error)\b.*:.+)"),
)


class BuildFailed(AnomalyctlError):
    """The dashboard could not be built; the environment works without it."""

    code = "dashboard_build_failed"

    def __init__(self, reason: str, log: Path, hint: str = "") -> None:
        super().__init__(
            f"The dashboard could not be built: {reason}.",
            hint=hint or f"See the whole of it: {log}",
            details={"log": str(log)},
        )


def registry_silent(seconds: float, log: Path) -> BuildFailed:
    """npm waits for a registry that takes its questions and gives no answer."""
    return BuildFailed(
        f"npm heard nothing of its registry for {seconds:.0f} s",
        log,
        f"{_CONNECT}; log: {log}",
    )


def why_it_failed(stage: str, code: int, log: Path) -> BuildFailed:
    """The line of the log that says most, as an error."""
    lines = [_COLOURS.sub("", line).strip() for line in last_lines(log, _LINES)]
    text = "\n".join(lines)
    if found := _NO_NETWORK.search(text):
        return BuildFailed(
            f"npm does not reach its registry ({found[1]}), and its cache does not hold the packages",
            log,
            f"{_CONNECT}; log: {log}",
        )
    if found := _CERTIFICATE.search(text):
        return BuildFailed(
            f"npm does not trust the registry's certificate ({found[1]})",
            log,
            f"Name your authority's file in NODE_EXTRA_CA_CERTS; log: {log}",
        )
    if _FULL.search(text):
        return BuildFailed("the disk is full", log, f"Make room; log: {log}")
    for pattern in _TELLING:
        for line in lines:
            if match := pattern.match(line):
                return BuildFailed(f"{stage}: {_short(match[1])}", log)
    last = next((line for line in reversed(lines) if line), "")
    ended = f"ended with exit code {code}" if code > 0 else f"was ended by signal {-code}"
    return BuildFailed(f"{stage} {ended}{': ' + _short(last) if last else ''}", log)


def _short(text: str) -> str:
    return (text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…").rstrip(". ")
