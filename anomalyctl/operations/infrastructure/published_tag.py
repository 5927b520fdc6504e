"""The tags of the images that run, the detectors' and the job's: `publish` and `rollout` change them there,
and each plan must name them. A rollout gives the detectors alone another image.
"""

from __future__ import annotations

import json
from pathlib import Path

from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.infrastructure.published_variables import change_published

_REPOSITORY = "/detectors:"
_JOB_REPOSITORY = "/anomalyctl:"


def keep_tag(place: Place, tag: str) -> None:
    """Have every plan of this environment from now on name this image."""
    change_published(place, "detectors_image_tag", tag)


def keep_job_tag(place: Place, tag: str) -> None:
    """Have every plan of this environment from now on name this image for the batch job."""
    change_published(place, "batch_job_image_tag", tag)


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


def adopt_job_image(place: Place, image: str) -> None:
    """The same of the batch job's image."""
    if _JOB_REPOSITORY in image:
        keep_job_tag(place, image.rpartition(":")[2])
