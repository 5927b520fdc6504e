"""Packages that are the same whenever their content is: sorted names, one date, one owner."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_DATE: Final = (2020, 2, 2, 0, 0, 0)


def write_zip(target: Path, folder: Path) -> None:
    """Everything below `folder`, symbolic links as what they point at."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _DATE)
                entry.create_system = 3  # Unix, from Windows too: else nobody may read it where it is mounted
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = (stat.S_IFREG | (0o755 if path.stat().st_mode & 0o100 else 0o644)) << 16
                archive.writestr(entry, path.read_bytes())


def write_tar(target: Path, root: Path, files: Iterable[Path]) -> None:
    """The named files below `root`, as a .tar.gz."""
    with (
        target.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for file in files:
            content = (root / file).read_bytes()
            entry = tarfile.TarInfo(file.as_posix())
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
