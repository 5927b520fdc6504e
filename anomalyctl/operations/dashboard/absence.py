"""Why `local` runs without its dashboard: kept by `deploy`, told by `status` and `dashboard`."""

from __future__ import annotations

from dataclasses import dataclass

from anomalyctl.local.disk import read_json, write_json
from anomalyctl.local.folder import LocalFolder


@dataclass(frozen=True, slots=True)
class Absence:
    """What the last deploy said of it."""

    reason: str
    """One sentence; empty where nobody kept one."""
    hint: str = ""


def keep_absence(folder: LocalFolder, absence: Absence) -> None:
    """Keep it with the environment; an empty reason is that of a dashboard that runs."""
    write_json(folder.dashboard, {"reason": absence.reason, "hint": absence.hint})


def kept_absence(folder: LocalFolder) -> Absence:
    """What was kept last."""
    kept = read_json(folder.dashboard) or {}
    return Absence(reason=str(kept.get("reason", "")), hint=str(kept.get("hint", "")))
