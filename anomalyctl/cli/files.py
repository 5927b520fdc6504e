"""Files that a command writes because it was asked to: refused before the work, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from anomalyctl.errors import InvalidInput


def require_writable(path: Path | None, option: str) -> None:
    """Raise InvalidInput where a file could not be written there: known before the work, not after it."""
    if path is None:
        return
    if path.is_dir():
        raise InvalidInput(f"{path} is a folder.", field=option, hint="Name a file.")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise InvalidInput(f"There is no folder {folder}.", field=option, hint=f"Make it: mkdir -p {folder}")
    if not os.access(folder, os.W_OK):
        raise InvalidInput(f"Nothing can be written in {folder}.", field=option)


def write_whole(path: Path, text: str, option: str) -> None:
    """Write the file in one step: a reader sees the old one or the new one. Raises InvalidInput."""
    half = path.with_name(f".{path.name}-{os.getpid()}")
    try:
        half.write_text(text, encoding="utf-8")
        half.replace(path)
    except OSError as error:
        half.unlink(missing_ok=True)
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.", field=option) from None
