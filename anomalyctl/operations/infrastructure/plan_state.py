"""Azure as a plan has just seen it: the refreshed state that a plan's file holds."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any


def state_in(plan: Path) -> dict[str, Any]:
    """The state in a plan's file; {} where it cannot be read: whoever reads plans says what is wrong."""
    try:
        with zipfile.ZipFile(plan) as archive:
            return state_from(archive.read("tfstate"))
    except (OSError, zipfile.BadZipFile, KeyError):
        return {}


def state_from(text: bytes) -> dict[str, Any]:
    """A state from its text; {} for anything else."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def attributes_of(state: dict[str, Any], kind: str, name: str) -> dict[str, Any]:
    """The attributes of a managed resource's first instance; {} where there is none."""
    for one in state.get("resources") or ():
        if (one.get("mode"), one.get("type"), one.get("name")) == ("managed", kind, name):
            for instance in one.get("instances") or ():
                return instance.get("attributes") or {}
    return {}
