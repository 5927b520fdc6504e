"""A mark on a resource: the tag that says which content was published to it."""

from __future__ import annotations

from typing import Final

from anomalyctl.azure.resource_manager import ResourceManager

TAGS_API: Final = "2021-04-01"
PUBLISHED: Final = "published"
"""Terraform leaves this one tag alone (`ignore_changes` of the three apps)."""


def published_mark(manager: ResourceManager, resource_id: str) -> str:
    """What the resource says was published to it; "" where it says nothing."""
    found = manager.get(f"{resource_id}/providers/Microsoft.Resources/tags/default", TAGS_API) or {}
    return str(((found.get("properties") or {}).get("tags") or {}).get(PUBLISHED, ""))


def mark_published(manager: ResourceManager, resource_id: str, mark: str) -> None:
    """Have the resource say so; its other tags stay."""
    body = {"operation": "Merge", "properties": {"tags": {PUBLISHED: mark}}}
    manager.merge(f"{resource_id}/providers/Microsoft.Resources/tags/default", TAGS_API, body)
