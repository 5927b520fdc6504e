"""Publishing the detectors: their image, and the job's beside it, built in the registry."""

from __future__ import annotations

import re
from typing import Any, Final

from anomalyctl.azure.container_apps import ContainerApp
from anomalyctl.azure.container_registry import ContainerRegistry, ImageBuild, find_registry
from anomalyctl.azure.traffic import Division, Traffic
from anomalyctl.errors import AnomalyctlError, InvalidInput, NotFound, PreconditionFailed
from anomalyctl.operations.infrastructure.published_tag import keep_job_tag, keep_tag
from anomalyctl.operations.publishing.content import Version, files_below, version_of
from anomalyctl.operations.publishing.domain import bind_domain
from anomalyctl.operations.publishing.model import PublishedPart, outcome_of
from anomalyctl.operations.publishing.packages import write_tar
from anomalyctl.operations.publishing.registry import holds
from anomalyctl.operations.publishing.target import Target
from anomalyctl.operations.publishing.waiting import wait_for_health

IMAGES: Final = {"detectors": "services/detectors/Dockerfile", "anomalyctl": "services/job/Dockerfile"}
"""By repository: the file that it is built with."""
SOURCES: Final = (
    "LICENSE",
    "README.md",
    "anomalyctl",
    "pyproject.toml",
    "services/detectors",
    "services/functions/requirements.lock",
    "services/job",
    "terraform/environments/environments.toml",
)
CODE: Final = tuple(name for name in SOURCES if name not in ("LICENSE", "README.md"))
"""What decides the images' content: another sentence in the page makes no new image."""
PORT: Final = 8000
"""As `detectors_port` of terraform/container-apps.tf; a test compares."""
_TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
"""As `detectors_image_tag` of terraform/variables-container-apps.tf; a test compares."""
PROBES: Final[list[dict[str, Any]]] = [
    {
        "type": "Startup",
        "httpGet": {"path": "/health/live", "port": PORT, "scheme": "HTTP"},
        "periodSeconds": 2,
        "timeoutSeconds": 2,
        "failureThreshold": 30,
    },
    {
        "type": "Liveness",
        "httpGet": {"path": "/health/live", "port": PORT, "scheme": "HTTP"},
        "periodSeconds": 10,
        "timeoutSeconds": 5,
        "failureThreshold": 3,
    },
    {
        "type": "Readiness",
        "httpGet": {"path": "/health/ready", "port": PORT, "scheme": "HTTP"},
        "periodSeconds": 5,
        "timeoutSeconds": 5,
        "failureThreshold": 3,
        "successThreshold": 1,
    },
]
"""What Terraform gives the app as soon as it has an image; a test compares."""


def publish_detectors(target: Target, *, local_build: bool = False) -> PublishedPart:
    """Build both images where the registry has not got them, and have the app (and the job) run theirs.

    Raises PreconditionFailed without a checkout, BuildRefused, RevisionFailed, Locked and TimedOut.
    """
    version = _version(target)
    server = target.where.text("container_registry_login_server")
    image = _image(target, version.tag)
    traffic = Traffic(target.manager, target.resource("azurerm_container_app.detectors"), target.sleep)
    app, division = traffic.app, traffic.division()
    require_whole(division, target.where.environment)
    unchanged = division.image == image
    job_image = f"{server}/anomalyctl:{version.tag}"
    job = _job(target)
    # Detectors that were rolled out by a tag may run this one while the job's image was never built.
    if not unchanged or (job is not None and job.image() != job_image):
        _build(target, version, server, local_build=local_build)
    if not unchanged:
        target.progress.step(f"Giving the detectors {image}")
        target.run.note_safely("image", image=image)
        app.run_image(image, port=PORT, probes=PROBES)
    keep_tag(target.place, version.tag)
    target.progress.step("Waiting until the new revision is ready")
    app.wait_until_ready(image)
    bind_domain(target, app)
    if job is not None and job.image() != job_image:
        target.progress.step(f"Giving the job {job_image}")
        job.run_image(job_image)
    keep_job_tag(target.place, version.tag)
    healthy, said = wait_for_health(
        target, "detectors", f"{target.where.text('detectors_endpoint')}/health/ready"
    )
    return PublishedPart(
        "detectors", outcome_of(unchanged), version.tag, version.committed, image, said, healthy
    )


def require_whole(division: Division, environment: str) -> None:
    """Raise PreconditionFailed while a rollout divides the traffic: an image sent meanwhile would be lost."""
    if division.before:
        raise PreconditionFailed(
            f"The traffic of the detectors of {environment} is divided: a rollout is under way.",
            hint=f"Wait for its end; where it was killed: anomalyctl rollback --env {environment}",
        )


def image_of_checkout(target: Target) -> str:
    """The image of what lies here, built where the registry has not got it. Raises as `publish_detectors`."""
    version = _version(target)
    _build(target, version, target.where.text("container_registry_login_server"), local_build=False)
    return _image(target, version.tag)


def image_named(target: Target, tag: str) -> str:
    """The image with that tag. Raises NotFound where the registry has not built it, InvalidInput for a tag
    that no plan could name.
    """
    if tag == "latest" or not _TAG.fullmatch(tag):
        raise InvalidInput(
            f"“{tag}” names no image that can be told from others.",
            field="--image",
            hint="Name a tag, such as a commit; latest says not what runs.",
        )
    there, why_not = _is_there(target, _registry(target), ImageBuild("detectors", tag, IMAGES["detectors"]))
    if not there:
        raise NotFound(
            f"The registry has no image detectors:{tag}{why_not}.",
            hint="Leave --image out: the image of this checkout is built where it is missing.",
        )
    return _image(target, tag)


def _is_there(target: Target, registry: ContainerRegistry, image: ImageBuild) -> tuple[bool, str]:
    """Whether an image need not be built, and why nobody can tell: the registry remembers its builds for 30
    days, what it holds is told by its own side, which a private network may keep in.
    """
    if registry.built(image):
        return True, ""
    try:
        return holds(target, target.where.text("container_registry_login_server"), image), ""
    except AnomalyctlError as error:
        return False, f" that it built lately, and it cannot be looked into from here: {error.message}"


def _image(target: Target, tag: str) -> str:
    return f"{target.where.text('container_registry_login_server')}/detectors:{tag}"


def _registry(target: Target) -> ContainerRegistry:
    known = target.where.ids.get("azurerm_container_registry.this[0]")
    registry_id = known or find_registry(target.manager, target.where.text("container_registry_name"))
    return ContainerRegistry(target.manager, registry_id, target.open, target.sleep)


def _version(target: Target) -> Version:
    root = target.place.project.root
    if not (root / "pyproject.toml").is_file():
        raise PreconditionFailed(
            "The images are built from a checkout, and here is only the installed package.",
            hint="Change into a checkout of anomalyctl, or set ANOMALYCTL_PROJECT.",
        )
    return version_of(root, CODE)


def _build(target: Target, version: Version, server: str, *, local_build: bool) -> None:
    if not version.committed:
        target.progress.warn(f"Not all files are committed: the image is named by its content, {version.tag}")
    images = [ImageBuild(name, version.tag, dockerfile) for name, dockerfile in IMAGES.items()]
    if local_build:
        from anomalyctl.operations.publishing.docker import build_and_push

        build_and_push(target, server, images, SOURCES)
        return
    name, registry = target.where.text("container_registry_name"), _registry(target)
    missing = [image for image in images if not _is_there(target, registry, image)[0]]
    if not missing:
        return
    target.progress.step(f"Sending the sources to {name}")
    root = target.place.project.root
    package = target.work / "sources.tar.gz"
    write_tar(package, root, files_below(root, SOURCES))
    sources = registry.upload(package)
    runs = [(image, registry.begin(image, sources)) for image in missing]  # side by side
    try:
        for image, run in runs:
            target.run.note_safely("image_build", image=image.name, registry_run=run)
            target.progress.step(f"{name} builds {image.name} (run {run})")
            registry.wait(image, run, target.progress.step)
            target.progress.done(f"{name} has built {image.name}")
    except BaseException:  # also Ctrl-C
        for _, run in runs:
            registry.cancel(run)
        raise


def _job(target: Target) -> ContainerApp | None:
    """The batch job; None where there is none."""
    job_id = target.where.ids.get("azurerm_container_app_job.batch[0]")
    return None if job_id is None else ContainerApp(target.manager, job_id, target.sleep)
