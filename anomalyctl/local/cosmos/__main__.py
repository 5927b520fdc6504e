"""`python -m anomalyctl.local.cosmos`: serve one data file. The key comes from the environment, never an argument."""

from __future__ import annotations

import argparse
import fcntl
import os
import sqlite3
import sys
import time
from pathlib import Path

import uvicorn

from anomalyctl.errors import AnomalyctlError, InvalidInput, Locked, PreconditionFailed
from anomalyctl.local.cosmos.application import build_app
from anomalyctl.local.cosmos.authorization import MasterKey
from anomalyctl.local.cosmos.context import Settings

KEY_VARIABLE = "COSMOS_ENDPOINT_KEY"


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal; the exit code is 0, or that of the error that kept it from starting."""
    options = _parser().parse_args(arguments)
    os.umask(0o077)
    try:
        lock = _lock(options.data)
        app = build_app(_settings(options))
    except AnomalyctlError as error:
        sys.stderr.write(f"{error.message} {error.hint}\n")
        return error.exit_code
    with lock:
        config = uvicorn.Config(
            app,
            host=options.host,
            port=options.port,
            access_log=False,
            log_level="warning",
            timeout_keep_alive=75,
        )
        uvicorn.Server(config).run()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m anomalyctl.local.cosmos", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="TCP port")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind to (loopback)")
    parser.add_argument("--data", type=Path, required=True, help="the SQLite file; made where there is none")
    parser.add_argument(
        "--request-units-per-second",
        type=float,
        help="bound on throughput; beyond it requests get 429 (none)",
    )
    parser.add_argument(
        "--max-megabytes", type=int, help="bound on the data file; beyond it writes get 503 (none)"
    )
    parser.add_argument("--faults", action="store_true", help="for tests: faults on demand at /_faults")
    return parser


def _settings(options: argparse.Namespace) -> Settings:
    try:
        key = MasterKey(os.environ[KEY_VARIABLE])
    except KeyError:
        raise PreconditionFailed(
            f"{KEY_VARIABLE} is not set, and without a key nobody may be served.",
            hint=f"Set {KEY_VARIABLE} to the base64 of 64 random bytes.",
        ) from None
    except ValueError as error:
        raise InvalidInput(
            f"{KEY_VARIABLE} cannot be used: {error}.",
            field=KEY_VARIABLE,
            hint="It is the base64 of 64 random bytes.",
        ) from None
    return Settings(
        options.data, key, time.time, options.request_units_per_second, options.max_megabytes, options.faults
    )


def _lock(data: Path):  # type: ignore[no-untyped-def]
    try:
        lock = data.with_name(data.name + ".lock").open("w")
    except OSError as error:
        raise PreconditionFailed(
            f"The data file {data} cannot be used: {error.strerror}.",
            hint="Name a folder that can be written.",
        ) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Locked(f"Another endpoint serves {data}.", hint="Stop it, or name another file.") from None
    return lock


if __name__ == "__main__":
    sys.exit(main())
