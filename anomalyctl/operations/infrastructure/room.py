"""Room to work in: a disk that is full or cannot be written is told as what it is."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from anomalyctl.errors import PreconditionFailed
from anomalyctl.operations.infrastructure.place import Place

_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


@contextlib.contextmanager
def room_in(place: Place | Path) -> Iterator[None]:
    """A full or read-only disk is no bug: what was to be written is said, and what to do.

    `place` is that of an environment, or a folder of ours.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        folder = place if isinstance(place, Path) else place.state
        raise PreconditionFailed(
            f"{error.filename or folder} cannot be written: {(error.strerror or str(error)).lower()}.",
            hint="Make room, or make it writable, and run it again: it resumes.",
        ) from error
