"""Reads a file that grows, line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_CHUNK: Final = 256 * 1024
_LONGEST_LINE: Final = 32 * 1024 * 1024


class Tail:
    """The whole lines that were appended since the last look. A half line waits for its end."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        self._rest = b""

    def lines(self, *, final: bool = False) -> list[str]:
        """What came since; with `final`, also a last line without an end."""
        found: list[bytes] = []
        while chunk := self._file.read(_CHUNK):
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            found.extend(whole)
            if len(self._rest) > _LONGEST_LINE:
                self._rest = b""
        if final and self._rest:
            found.append(self._rest)
            self._rest = b""
        return [line.decode("utf-8", "replace") for line in found if line.strip()]

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
