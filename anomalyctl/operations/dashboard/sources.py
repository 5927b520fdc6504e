"""What a build of the dashboard is made from: the files that count, their digest, a copy to build in."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_RECIPE: Final = "1"
"""Raised when the way of building changes: earlier builds no longer count."""
_MADE: Final = frozenset(
    {"node_modules", ".next", "coverage", "test-results", "playwright-report", ".git", "out"}
)
_MADE_FILES: Final = (".tsbuildinfo", ".log", ".install.lock", "next-env.d.ts")
_NOT_SERVED: Final = frozenset({"tests"})
"""At the top of the sources: nothing that is served is made from it."""


def sources_digest(source: Path, node_version: str) -> str:
    """16 hex digits that change with any source file, the lock file, Node's version or the machine's kind."""
    found = hashlib.sha256(f"{_RECIPE} {node_version} {platform.system()} {platform.machine()}".encode())
    for path in source_files(source):
        found.update(f"\n{path.as_posix()} ".encode())
        found.update(hashlib.sha256((source / path).read_bytes()).digest())
    return found.hexdigest()[:16]


def copy_sources(source: Path, target: Path) -> None:
    """Copy the files that count into the new folder `target`."""
    target.mkdir()
    for path in source_files(source):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / path, target / path)  # writable, also where the sources are not


def source_files(source: Path) -> Iterator[Path]:
    """Relative paths in a fixed order; no tests, nothing made, and no `.env` files, where secrets may be."""
    for folder, folders, files in os.walk(source):
        left_out = _MADE | _NOT_SERVED if Path(folder) == source else _MADE
        folders[:] = sorted(name for name in folders if name not in left_out)
        for name in sorted(files):
            if not name.startswith(".env") and not name.endswith(_MADE_FILES):
                yield (Path(folder) / name).relative_to(source)
