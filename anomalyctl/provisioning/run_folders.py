"""The folders of past runs: the newest stay, with what Terraform wrote; the ledger itself loses nothing."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from pathlib import Path
from typing import Final

from anomalyctl.processes.identity import identify

KEPT: Final = 50
_RUN_ID: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


def prune(runs: Path, *, kept: int = KEPT) -> None:
    """Delete all but the newest `kept` folders of runs, and none in which a Terraform still runs.

    What cannot be deleted now is tried again with the next run.
    """
    with contextlib.suppress(OSError):
        folders = sorted(path for path in runs.iterdir() if _RUN_ID.fullmatch(path.name))
        for folder in folders[:-kept]:
            if not _is_busy(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_busy(folder: Path) -> bool:
    """A guardian writes the exit code once its Terraform has ended; without it, the process is asked."""
    for status in folder.glob("*.status.json"):
        try:
            told = json.loads(status.read_text(encoding="utf-8"))
            if told["exit_code"] is None and identify(int(told["pid"])) is not None:
                return True
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return False
