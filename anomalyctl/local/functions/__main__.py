"""`python -m anomalyctl.local.functions --root services/functions`: run a function app on this machine."""

from __future__ import annotations

import argparse
import atexit
import logging
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

from anomalyctl.errors import AnomalyctlError, PreconditionFailed
from anomalyctl.local.functions.bindings import read_object
from anomalyctl.local.functions.health import HealthServer
from anomalyctl.local.functions.host import FunctionHost
from anomalyctl.local.functions.logs import set_up_host_logging
from anomalyctl.observability.starting import stop_telling

PORT_VARIABLE = "FUNCTION_HOST_PORT"
TOKEN_VARIABLE = "FUNCTION_HOST_TOKEN"  # noqa: S105 - its name, not its value
_STOP_WITHIN_S = 9.0

logger = logging.getLogger("anomalyctl.local.functions")


def main(arguments: list[str] | None = None) -> int:
    """Run until a signal; the exit code is 0, or that of the error that kept it from starting."""
    parser = argparse.ArgumentParser(prog="python -m anomalyctl.local.functions", description=__doc__)
    parser.add_argument("--root", type=Path, required=True, help="the folder with host.json")
    root = parser.parse_args(arguments).root.resolve()
    stop = threading.Event()

    def asked(signum: int, frame: FrameType | None) -> None:
        raise _Asked  # out of the wait below: an Event must not be set from a handler

    try:
        set_up_host_logging(read_object(root / "host.json") if (root / "host.json").is_file() else {})
        host = FunctionHost(root, os.environ)
        health = _health(host)
    except AnomalyctlError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return error.exit_code
    try:
        signal.signal(signal.SIGTERM, asked)
        signal.signal(signal.SIGINT, asked)
        health.start()
        host.start()
        logger.info("the function host answers on port %d", health.port)
        while True:
            stop.wait(3600)
    except _Asked:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    host.ask_to_stop()
    # The calls under way still have something to tell.
    atexit.unregister(stop_telling)
    # As at the end of the process, but while calls are under way: so the functions learn that it ends.
    atexit._run_exitfuncs()
    left = host.wait_for_calls(_STOP_WITHIN_S)
    if left:
        logger.warning("still running at the end: %s", ", ".join(left))
    health.stop()
    stop_telling()
    logger.info("the function host has stopped")
    sys.stdout.flush()
    os._exit(0)  # a call that did not end must not keep the process


class _Asked(BaseException):
    """SIGTERM or SIGINT."""


def _health(host: FunctionHost) -> HealthServer:
    port, token = os.environ.get(PORT_VARIABLE, "0"), os.environ.get(TOKEN_VARIABLE, "")
    if not token:
        raise PreconditionFailed(
            f"{TOKEN_VARIABLE} is not set, and without a token nobody may be told anything.",
            hint=f"Set {TOKEN_VARIABLE} to a text that is hard to guess.",
        )
    try:
        return HealthServer(int(port), token, host.report)
    except (OSError, ValueError):
        raise PreconditionFailed(
            f"The function host cannot listen on port {port}.", hint=f"Set {PORT_VARIABLE} to a free port."
        ) from None


if __name__ == "__main__":
    sys.exit(main())
