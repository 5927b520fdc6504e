"""Until when a language model can be used: by Azure's own word, else by a dated table of ours."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal

Stage = Literal["available", "legacy", "deprecated"]
_TABLE = Path(__file__).with_name("models.toml")
_STAGES: dict[str, Stage] = {
    "generallyavailable": "available",
    "stable": "available",
    "preview": "available",
    "legacy": "legacy",
    "deprecating": "legacy",
    "deprecated": "deprecated",
}


@dataclass(frozen=True, slots=True)
class ModelLife:
    """A model's stage and last day; a deprecated one deploys only where it was deployed before."""

    name: str
    version: str
    stage: Stage
    retires_on: date | None
    source: str
    """Where this was read: `Azure`, or the table with its date."""
    skus: tuple[str, ...] = ()
    """How Azure offers it in the region; empty where only the table is known."""


def life_in_table(name: str, version: str) -> ModelLife | None:
    """What the table knows of a model."""
    table = _table()
    for entry in table["models"]:
        if (entry["name"], entry["version"]) == (name, version):
            return ModelLife(
                name, version, entry["stage"], entry["retires_on"], f"table of {table['read_on']}"
            )
    return None


def life_in_region(models: Iterable[Mapping[str, Any]], name: str, version: str) -> ModelLife | None:
    """What Azure's list of a region's models says of one; None where the region does not have it."""
    for entry in models:
        model = entry.get("model") or {}
        if entry.get("kind") == "OpenAI" and (model.get("name"), model.get("version")) == (name, version):
            told = str((model.get("deprecation") or {}).get("inference") or "")
            return ModelLife(
                name,
                version,
                _STAGES.get(str(model.get("lifecycleStatus", "")).lower(), "available"),
                date.fromisoformat(told[:10]) if told else None,
                "Azure",
                tuple(str(sku.get("name")) for sku in model.get("skus") or ()),
            )
    return None


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(_TABLE.read_text(encoding="utf-8"))
