"""What a part may see of the caller's environment variables: what programs need, nothing of the services."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

_NAMES = {
    *("HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "SHELL", "TZ", "USER"),
    *("TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV"),
    *("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"),
    *("REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE"),
}
_PREFIXES = ("LC_", "XDG_", "COVERAGE_")
_LOOPBACK = "127.0.0.1,localhost"


def child_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that each part starts from.

    A part must not meet a setting of the services that happens to stand in the caller's shell, such as the
    address of a real Redis; and what is on this machine is never asked for through a proxy.
    """
    kept = {name: value for name, value in environ.items() if name in _NAMES or name.startswith(_PREFIXES)}
    ask_loopback_directly(kept, environ.get("NO_PROXY") or environ.get("no_proxy") or "")
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"}


def ask_loopback_directly(environ: MutableMapping[str, str], direct: str | None = None) -> None:
    """Except this machine from whatever proxy the variables name; `direct` is what is excepted already."""
    if direct is None:
        direct = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    if not direct.endswith(_LOOPBACK):
        direct = f"{direct},{_LOOPBACK}" if direct else _LOOPBACK
    environ["NO_PROXY"] = environ["no_proxy"] = direct
