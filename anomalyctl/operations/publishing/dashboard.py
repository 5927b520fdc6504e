"""Publishing the dashboard: the standalone build, sent to App Service with Entra."""

from __future__ import annotations

import threading
from pathlib import Path

from anomalyctl.azure.web_apps import Site
from anomalyctl.errors import PreconditionFailed
from anomalyctl.operations.dashboard.building import Build, Builder
from anomalyctl.operations.dashboard.node import find_node
from anomalyctl.operations.publishing.content import version_of
from anomalyctl.operations.publishing.model import PublishedPart, outcome_of
from anomalyctl.operations.publishing.packages import write_zip
from anomalyctl.operations.publishing.sending import runs_already, send_package
from anomalyctl.operations.publishing.target import Target
from anomalyctl.operations.publishing.waiting import wait_for_health

HEALTH_PATH = "/api/health"


def publish_dashboard(target: Target) -> PublishedPart:
    """Build it where it was not built yet, send it where it is not what runs, wait until it is well.

    Raises MissingTool without Node, BuildFailed, PackageRefused, Locked, NotAllowed, TimedOut.
    """
    source = target.services / "dashboard"
    if not (source / "package.json").is_file():
        raise PreconditionFailed(f"There is no {source}.", hint="Restore it from version control.")
    version = version_of(target.services.parent, ("services/dashboard",))
    name = target.where.text("app_service_name")
    site = Site(
        target.manager, target.resource("azurerm_linux_web_app.dashboard"), target.signed, target.sleep
    )
    build = None
    unchanged = runs_already(target, site, version.digest)
    if not unchanged:
        target.progress.step("Building the dashboard")
        build = _build(target)
        package = target.work / "dashboard.zip"
        write_zip(package, build.folder)
        target.progress.step(f"Sending {package.stat().st_size / 2**20:.0f} MB to {name}")
        send_package(target, site, name, version.digest, lambda: _send(target, site, package))
    address = target.where.optional("front_door_url") or target.where.text("app_service_url")
    healthy, said = wait_for_health(
        target, "dashboard", f"{address}{HEALTH_PATH}", build.digest if build else None
    )
    if not unchanged:
        target.mark(site.id, version.digest)
    return PublishedPart(
        "dashboard", outcome_of(unchanged), version.tag, version.committed, name, said, healthy
    )


def _send(target: Target, site: Site, package: Path) -> None:
    query = {"type": "zip", "async": "true", "clean": "true", "restart": "true"}
    site.publish(package, "/api/publish", query, target.progress.step)


def _build(target: Target) -> Build:
    home = target.place.project.state / "dashboard"
    builder = Builder(
        target.services / "dashboard", home, home / "build.log", find_node(target.environ), target.environ
    )
    return builder.build(threading.Event())
