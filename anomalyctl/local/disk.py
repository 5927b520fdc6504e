"""Writing into the local folder: private, atomic, and with a sentence where the disk says no."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from anomalyctl.errors import AnomalyctlError, PreconditionFailed

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
ROOM_NEEDED = 100 * 1024 * 1024
"""Bytes. Below this an append-only file that is rewritten (it then exists twice) may not find room."""


def make_private_folder(path: Path) -> None:
    """Create `path` for its owner alone. Raises PreconditionFailed with the disk's reason."""
    with explained(path):
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(PRIVATE_FOLDER)


def require_room(path: Path, needed: int = ROOM_NEEDED) -> None:
    """Raise PreconditionFailed unless the disk of `path` has `needed` bytes left."""
    with explained(path):
        free = shutil.disk_usage(path).free
    if free < needed:
        raise PreconditionFailed(
            f"The disk of {path} is full: {free // 2**20} MB are left, {needed // 2**20} MB are needed.",
            hint="Make room, then deploy again.",
        )


def write_private(path: Path, data: bytes) -> None:
    """Replace `path` by `data` as a whole, mode 0600. Raises PreconditionFailed with the disk's reason."""
    with explained(path):
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """`write_private` for a JSON object."""
    write_private(path, json.dumps(value, indent=1).encode() + b"\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`; None where there is no such file or it is no JSON object."""
    try:
        with explained(path):
            value = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return value if isinstance(value, dict) else None


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into PreconditionFailed with a sentence; a missing file stays itself."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise explain(error, path) from error


def explain(error: OSError, path: Path) -> AnomalyctlError:
    """The sentence for one failed call on `path`."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return PreconditionFailed(f"The disk of {path} is full.", hint="Make room, then try again.")
    if error.errno == errno.EROFS:
        return PreconditionFailed(
            f"{path} is on a read-only disk.", hint="Work in a checkout that can be written to."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return PreconditionFailed(
            f"{path} may not be written or read by you.", hint="Check the owner and the mode of this folder."
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        file = next((place for place in (*reversed(path.parents), path) if place.is_file()), path)
        return PreconditionFailed(
            f"{file} cannot be a folder: a file stands in its place.", hint="Move the file away."
        )
    return PreconditionFailed(f"{path} cannot be used: {os.strerror(error.errno or 0)}.")
