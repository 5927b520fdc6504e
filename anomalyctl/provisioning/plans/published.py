"""What `publish` and `rollout` change in Azure beside Terraform: each later plan is given it, so it is no
drift.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

_APPS: Final = frozenset({"azurerm_container_app", "azurerm_container_app_job"})
_SITES: Final = frozenset(
    {"azurerm_linux_web_app", "azurerm_linux_function_app", "azurerm_function_app_flex_consumption"}
)
_IMAGES: Final = ("/detectors:", "/anomalyctl:")
_TAG: Final = "published"
_PROBES: Final = ("liveness_probe", "readiness_probe", "startup_probe")


def is_published(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of a plan's `resource_drift` holds nothing but what publishing changes.

    That is the image, where it is one of ours, with the revision's name; the port and the probes, where a
    placeholder stood before; a site's mark; the certificate of a host name. Anything else beside it makes all
    of it drift.
    """
    change = entry.get("change") or {}
    before, after = change.get("before"), change.get("after")
    if change.get("actions") != ["update"] or not isinstance(before, dict) or not isinstance(after, dict):
        return False
    if entry.get("type") in _SITES:
        return _without_mark(before) == _without_mark(after)
    if entry.get("type") == "azurerm_container_app_custom_domain":
        return _without_certificate(before) == _without_certificate(after)
    if entry.get("type") in _APPS:
        return _is_new_image(before, after)
    return False


def _without_mark(site: Mapping[str, Any]) -> dict[str, Any]:
    tags = {name: value for name, value in (site.get("tags") or {}).items() if name != _TAG}
    return {**site, "tags": tags}


def _without_certificate(domain: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in domain.items() if "certificate" not in name}


def _is_new_image(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    images = [one.get("image", "") for one in _containers(after)]
    if not images or not all(any(name in str(image) for name in _IMAGES) for image in images):
        return False
    first = not all(any(name in str(one.get("image", "")) for name in _IMAGES) for one in _containers(before))
    return _without_image(before, first=first) == _without_image(after, first=first)


def _without_image(app: Mapping[str, Any], *, first: bool) -> dict[str, Any]:
    """The app without what a new image changes; `first` where that was the first one of ours."""
    left = {name: value for name, value in app.items() if not name.startswith("latest_revision_")}
    found = copy.deepcopy(left)
    for container in _containers(found):
        container.pop("image", None)
        if first:
            for probe in _PROBES:
                container.pop(probe, None)
    for template in found.get("template") or ():
        template.pop("revision_suffix", None)
    for ingress in found.get("ingress") or ():
        ingress.pop("custom_domain", None)  # as Azure tells it: what is wanted of it is a resource of its own
        if first:
            ingress.pop("target_port", None)
    return found


def _containers(app: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for template in app.get("template") or ():
        yield from template.get("container") or ()
