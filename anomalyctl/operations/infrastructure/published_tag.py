"""The tag of the detectors' image that runs: `publish` changes it in Azure, and each plan must name it."""

from __future__ import annotations

import json
from pathlib import Path

from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.infrastructure.published_variables import change_published

_REPOSITORY = "/detectors:"


def keep_tag(place: Place, tag: str) -> None:
    """Have every plan of this environment from now on name this image."""
    change_published(place, "detectors_image_tag", tag)


def kept_tag(path: Path) -> str:
    """The tag in the file; "" where there is none."""
    try:
        return str(json.loads(path.read_bytes())["detectors_image_tag"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def adopt_image(place: Place, image: str) -> None:
    """Keep the tag of the image that runs, whoever published it; a placeholder is no image of ours."""
    if _REPOSITORY in image:
        keep_tag(place, image.rpartition(":")[2])
