"""Variables that commands of ours keep for every later plan: what was changed in Azure beside Terraform."""

from __future__ import annotations

import json
from pathlib import Path

from anomalyctl.local.disk import make_private_folder, write_json
from anomalyctl.operations.infrastructure.place import Place


def change_published(place: Place, name: str, value: str | None) -> None:
    """Have every plan of this environment from now on be given this value; with None, none."""
    kept = published(place.published_variables)
    now = {**kept, name: value} if value is not None else {key: kept[key] for key in kept if key != name}
    if now != kept:
        make_private_folder(place.published_variables.parent)
        write_json(place.published_variables, now)


def published(path: Path) -> dict[str, str]:
    """What is kept; nothing where there is no such file or it is spoilt."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
