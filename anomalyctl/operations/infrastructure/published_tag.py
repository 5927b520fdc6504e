"""The tag of the detectors' image that runs: `publish` changes it in Azure, and each plan must name it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from anomalyctl.errors import AnomalyctlError
from anomalyctl.operations.infrastructure.place import Place
from anomalyctl.operations.infrastructure.published_variables import change_published
from anomalyctl.operations.infrastructure.stage import Stage

_APP = "azurerm_container_app.detectors"
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


def adopt_published_tag(prepared: Stage) -> None:
    """Ask the container app which image of ours it runs, whoever published it, and keep its tag.

    Where it cannot be asked, what was kept stands, and that is told: a plan that is not reviewed would take
    somebody else's image back.
    """
    place = prepared.place
    if not place.ours or place.environment.is_local:
        return
    app_id = _app_id(prepared)
    if not app_id:
        return
    try:
        image = _running_image(prepared, app_id)
    except AnomalyctlError as error:
        tag = kept_tag(place.published_variables)
        if tag:
            prepared.watcher.warn(
                f"The plan names the image that was last published from here, {tag[:12]}: {error.message}"
            )
        return
    if _REPOSITORY in image:
        keep_tag(place, image.rpartition(":")[2])


def _app_id(prepared: Stage) -> str:
    from anomalyctl.operations.deployed_state import from_state

    try:
        kept = json.loads((prepared.place.state / "outputs.json").read_bytes())
        return str(kept["ids"][_APP])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # no cache: the state tells
    text = prepared.terraform.pull_state()
    return from_state(text, prepared.place.environment.name).ids.get(_APP, "") if text.strip() else ""


def _running_image(prepared: Stage, app_id: str) -> str:
    from anomalyctl.azure.container_apps import ContainerApp
    from anomalyctl.azure.session import open_session
    from anomalyctl.resilience.policies import RESOURCE_MANAGER

    policy = replace(RESOURCE_MANAGER.interactive(), timeout_s=5.0)
    with (
        open_session(prepared.place.environment, prepared.environ) as session,
        session.resource_manager(policy) as manager,
    ):
        return ContainerApp(manager, app_id, session.sleep).image()
