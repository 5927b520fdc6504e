"""The SQLite file: one writer in short transactions, readers beside it, and a disk that may be full.

Write-ahead log with synchronous=NORMAL: what was acknowledged survives the death of this process (kill -9),
because the log is in the file system by then; only a crash of the machine may lose the last moments.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from anomalyctl.local.cosmos.failures import not_found, unavailable

T = TypeVar("T")

_READERS = 3
SCHEMA = """
CREATE TABLE IF NOT EXISTS databases (
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, etag TEXT NOT NULL, ts INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS containers (
    number INTEGER PRIMARY KEY AUTOINCREMENT, database INTEGER NOT NULL REFERENCES databases(number),
    id TEXT NOT NULL, etag TEXT NOT NULL, ts INTEGER NOT NULL,
    definition TEXT NOT NULL, columns TEXT NOT NULL, lsn INTEGER NOT NULL,
    UNIQUE (database, id)
);
"""


class Storage:
    """One data file. `max_megabytes` bounds it (none: the disk does)."""

    def __init__(self, path: Path, *, max_megabytes: int | None = None) -> None:
        self._path = path
        self._writer = self._connect()
        self._writer.execute("PRAGMA journal_mode = WAL")
        self._writer.executescript(SCHEMA)
        if max_megabytes is not None:
            (page_size,) = self._writer.execute("PRAGMA page_size").fetchone()
            self._writer.execute(f"PRAGMA max_page_count = {max_megabytes * 1_048_576 // page_size}")
        self._write_thread = ThreadPoolExecutor(1, "cosmos-writer")
        self._read_threads = ThreadPoolExecutor(_READERS, "cosmos-reader")
        self._of_thread = threading.local()
        self._readers: list[sqlite3.Connection] = []

    async def write(
        self, change: Callable[[sqlite3.Connection], T], then: Callable[[T], None] | None = None
    ) -> T:
        """Run `change` in one transaction; committed when this returns, rolled back when it raises.

        `then` gets its result after the commit and before any other write.

        Raises a 503 failure where the disk is full or cannot be written; nothing acknowledged is lost.
        """
        return await asyncio.get_running_loop().run_in_executor(
            self._write_thread, self._transact, change, then
        )

    async def read(self, look: Callable[[sqlite3.Connection], T]) -> T:
        """Run `look` on one consistent state, beside the writer."""
        return await asyncio.get_running_loop().run_in_executor(self._read_threads, self._look, look)

    def write_now(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """`write` for the start, before there is an event loop."""
        return self._transact(change)

    def close(self) -> None:
        """Finish what runs, fold the log into the file, let go of it."""
        self._write_thread.shutdown()
        self._read_threads.shutdown()
        for reader in self._readers:
            reader.close()
        self._writer.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=10
        )
        for setting in (
            # Documents of some 15 kB: fewer overflow pages than with 4 kB, a fifth less time to write.
            "page_size = 8192",
            "synchronous = NORMAL",
            "cache_size = -32000",
            "temp_store = MEMORY",
            "journal_size_limit = 67108864",
        ):
            connection.execute(f"PRAGMA {setting}")
        return connection

    def _transact(
        self, change: Callable[[sqlite3.Connection], T], then: Callable[[T], None] | None = None
    ) -> T:
        try:
            self._writer.execute("BEGIN IMMEDIATE")
            result = change(self._writer)
            self._writer.execute("COMMIT")
        except BaseException as error:
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
            if isinstance(error, sqlite3.OperationalError):
                raise _cannot_keep(error) from error
            raise
        if then is not None:
            then(result)
        return result

    def _look(self, look: Callable[[sqlite3.Connection], T]) -> T:
        connection = getattr(self._of_thread, "connection", None)
        if connection is None:
            connection = self._of_thread.connection = self._connect()
            self._readers.append(connection)
        try:
            connection.execute("BEGIN")
            return look(connection)
        except sqlite3.OperationalError as error:
            raise _cannot_keep(error) from error
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def _cannot_keep(error: sqlite3.OperationalError) -> Exception:
    name = getattr(error, "sqlite_errorname", "")
    if name == "SQLITE_FULL":
        return unavailable("The disk under the local Cosmos endpoint is full; nothing was changed.")
    if name.startswith(("SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_BUSY")):
        return unavailable(
            f"The data file of the local Cosmos endpoint cannot be used ({name}); nothing was changed."
        )
    # The container was deleted while the request was on its way.
    return not_found() if "no such table" in str(error) else error
