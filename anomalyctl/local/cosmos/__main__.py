"""`python -m anomalyctl.local.cosmos`: serve one data file; the key comes from the environment."""

from __future__ import annotations

import argparse
import fcntl
import logging
import os
import socket
import sqlite3
import sys
import time
from pathlib import Path
from typing import TextIO

import uvicorn
from starlette.applications import Starlette

from anomalyctl.errors import AnomalyctlError, InvalidInput, Locked, PreconditionFailed
from anomalyctl.local.cosmos.application import build_app
from anomalyctl.local.cosmos.authorization import MasterKey
from anomalyctl.local.cosmos.context import Settings
from anomalyctl.observability.logs import set_up_logging

KEY_VARIABLE = "COSMOS_ENDPOINT_KEY"
_log = logging.getLogger("anomalyctl.local.cosmos")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_KEEP_ALIVE_S = 75
_SHUTDOWN_S = 5


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal; the exit code is 0, or that of the error that kept it from starting."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)
    set_up_logging(service="cosmos")
    try:
        _keep_faults_at_home(options)
        with _lock(options.data), _listen(options.host, options.port) as listening:
            config = uvicorn.Config(
                _app(options),
                access_log=False,
                log_config=None,
                log_level="warning",
                timeout_keep_alive=_KEEP_ALIVE_S,
                timeout_graceful_shutdown=_SHUTDOWN_S,
            )
            _log.info("the Cosmos DB endpoint answers on port %d", listening.getsockname()[1])
            uvicorn.Server(config).run(sockets=[listening])
            _log.info("the Cosmos DB endpoint has stopped")
    except AnomalyctlError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m anomalyctl.local.cosmos", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="TCP port")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind to (loopback)")
    parser.add_argument("--data", type=Path, required=True, help="the SQLite file; made where there is none")
    parser.add_argument(
        "--request-units-per-second",
        type=float,
        default=100_000.0,
        help="bound on throughput; beyond it requests get 429 (%(default)g: some 8,000 verdicts)",
    )
    parser.add_argument(
        "--max-megabytes", type=int, help="bound on the data file; beyond it writes get 503 (none)"
    )
    parser.add_argument("--faults", action="store_true", help="for tests: faults on demand at /_faults")
    return parser


def _keep_faults_at_home(options: argparse.Namespace) -> None:
    """`/_faults` takes orders without a key, so that nobody but this machine may reach it."""
    if options.faults and options.host not in _LOOPBACK:
        raise InvalidInput(
            f"--faults is for tests on this machine, and cannot listen on {options.host}.",
            field="--faults",
            hint="Leave out --host, or --faults.",
        )


def _app(options: argparse.Namespace) -> Starlette:
    try:
        return build_app(
            Settings(
                options.data,
                _key(),
                time.time,
                options.request_units_per_second,
                options.max_megabytes,
                options.faults,
            )
        )
    except sqlite3.Error as error:
        raise PreconditionFailed(
            f"The data file {options.data} cannot be used: {error}.",
            hint="Name another file, or remove this one.",
        ) from error


def _key() -> MasterKey:
    hint = f"Set {KEY_VARIABLE} to the base64 of 64 random bytes."
    try:
        return MasterKey(os.environ[KEY_VARIABLE])
    except KeyError:
        message = f"{KEY_VARIABLE} is not set, and without a key nobody may be served."
        raise PreconditionFailed(message, hint=hint) from None
    except ValueError as error:
        raise InvalidInput(
            f"{KEY_VARIABLE} cannot be used: {error}.", field=KEY_VARIABLE, hint=hint
        ) from None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sets TCP_NODELAY; without it each answer waits 40 ms.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PreconditionFailed(
            f"Cannot listen on {host}, port {port}: {os.strerror(error.errno or 0)}.",
            hint="Choose another --port.",
        ) from error
    return listening


def _lock(data: Path) -> TextIO:
    """Held as long as the process lives: two servers of one file would not know of each other's writes."""
    try:
        lock = data.with_name(data.name + ".lock").open("w")
    except OSError as error:
        raise PreconditionFailed(
            f"The data file {data} cannot be used: {error.strerror}.",
            hint="Name a folder that can be written.",
        ) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise Locked(f"Another endpoint serves {data}.", hint="Stop it, or name another file.") from error
    return lock


if __name__ == "__main__":
    sys.exit(main())
