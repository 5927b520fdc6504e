"""What is published: which files, the digest that tells whether they changed, and their commit."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_MADE: Final = frozenset(
    {
        "__pycache__",
        "node_modules",
        ".next",
        "_bundled",
        ".venv",
        ".mypy_cache",
        ".ruff_cache",
        ".pytest_cache",
    }
)


@dataclass(frozen=True, slots=True)
class Version:
    """Which content: `tag` is a commit, or a digest where files differ from every commit."""

    tag: str
    committed: bool
    digest: str

    @property
    def words(self) -> str:
        """For people."""
        if self.committed:
            return f"commit {self.tag[:12]}"
        return f"content {self.tag[:12]} (files that are not committed)"


def version_of(root: Path, parts: Sequence[str]) -> Version:
    """The version of the files and folders `parts` below `root`.

    The commit is the last one that touched any of them: what changed elsewhere makes no new version. Outside
    of a git checkout, and where a file is not committed, the digest of the content stands in.
    """
    digest = digest_of(root, files_below(root, parts))
    commit = _commit(root, parts)
    return Version(tag=commit or digest, committed=bool(commit), digest=digest)


def digest_of(root: Path, files: Iterable[Path]) -> str:
    """40 hex digits over names and bytes."""
    found = hashlib.sha256()
    for file in files:
        found.update(f"{file.as_posix()}\0".encode())
        found.update(hashlib.sha256((root / file).read_bytes()).digest())
    return found.hexdigest()[:40]


def files_below(root: Path, parts: Sequence[str]) -> Iterator[Path]:
    """Files relative to `root` in a fixed order; what tools made, and `.env` files, are left out."""
    for part in sorted(parts):
        start = root / part
        if start.is_file():
            yield Path(part)
            continue
        for folder, folders, names in os.walk(start):
            folders[:] = sorted(name for name in folders if name not in _MADE)
            for name in sorted(names):
                if not name.startswith(".env") and not name.endswith((".pyc", ".tsbuildinfo")):
                    yield (Path(folder) / name).relative_to(root)


def _commit(root: Path, parts: Sequence[str]) -> str:
    """The last commit of these parts; "" where they are not exactly as committed, or there is no git."""
    changed = _git(root, "status", "--porcelain", "--untracked-files=all", "--", *parts)
    if changed is None or changed.strip():
        return ""
    return (_git(root, "log", "-1", "--format=%H", "--", *parts) or "").strip()


def _git(root: Path, *arguments: str) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    try:
        done = subprocess.run(
            [git, "-C", str(root), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout
